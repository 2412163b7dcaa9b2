import { z } from 'zod';

/*
 * How the commands talk with the running gateway, over a Unix socket: one line of JSON asks, lines of JSON answer
 * (`{"data": …}` each), and the last one is `{"done": exit code}`, with a sentence in `error` where something is wrong.
 */

const filter = z.strictObject({
  id: z.string().max(64).optional(),
  domain: z.string().max(300).optional(),
  sender: z.string().max(400).optional(),
  recipient: z.string().max(400).optional(),
  state: z.enum(['queued', 'active', 'deferred', 'held', 'in_doubt']).optional(),
});

/** A drill is a trial; who wants more takes the other uplink out of use. */
export const longestDrillMs = 24 * 60 * 60_000;

/** What may be asked. */
export const controlRequest = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('uplinks'), watch: z.boolean() }),
  z.strictObject({ command: z.literal('test'), uplink: z.string().max(64) }),
  z.strictObject({
    command: z.literal('drain'),
    uplink: z.string().max(64),
    forMs: z.number().positive().nullable(),
    reason: z.string().max(500),
  }),
  z.strictObject({
    command: z.literal('drill'),
    uplink: z.string().max(64).nullable(),
    forMs: z.number().positive().max(longestDrillMs),
  }),
  z.strictObject({ command: z.literal('resume'), uplink: z.string().max(64) }),
  z.strictObject({ command: z.literal('queue_list'), filter }),
  z.strictObject({ command: z.literal('queue_show'), id: z.string().max(64), raw: z.boolean() }),
  z.strictObject({
    command: z.literal('queue_change'),
    change: z.enum(['retry', 'hold', 'release', 'remove']),
    filter,
  }),
  z.strictObject({ command: z.literal('trace'), about: z.string().max(400) }),
  z.strictObject({ command: z.literal('events') }),
  z.strictObject({ command: z.literal('notify_test') }),
]);

export type ControlRequest = z.output<typeof controlRequest>;

/** Does its answer go on until somebody ends it? */
export function isStream(request: ControlRequest): boolean {
  return request.command === 'events' || (request.command === 'uplinks' && request.watch);
}

/** Which recipients a command means; no condition means all. */
export type ControlFilter = z.output<typeof filter>;

/** How a command ended: the exit code of `interface.md`, and a sentence where it is not 0. */
export type ControlOutcome = { readonly code: 0 | 1 | 2 | 3; readonly error: string | null };

export const done: ControlOutcome = { code: 0, error: null };
/** How a stream ends with the gateway. */
export const hasStopped: ControlOutcome = { code: 0, error: 'The gateway has stopped.' };

/** The longest line of a request; of an answer. */
export const requestLineBytes = 64 * 1024;
export const answerLineBytes = 4 * 1024 * 1024;

/** The Unix socket's name in `state_dir`. */
export const socketName = 'control.sock';

/** Linux allows 107 bytes in a Unix socket's path, others 103. */
export const socketPathBytes = 103;
