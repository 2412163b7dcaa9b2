/**
 * `npm run bench:second-core`: where the processor time of a message goes, and what a second process would give.
 *
 * One gateway relays the standard load; then two gateways, each with a queue of its own, relay half of it each at the
 * same time, as a process for each listener would. With `--tls` both sides speak TLS. Rounds take turns. Each row shows
 * the rate of all gateways together and, for one message, the processor time of each kind of thread; `busy` is how much
 * of the time the main threads ran: near 100 % one of them is the limit, and below that another process finds nothing to
 * speed up.
 */
import { parseArgs } from 'node:util';
import { median } from './median.ts';
import { contestants } from './relay/contestants.ts';
import { type Load, standardLoad } from './relay/load.ts';
import { type Running, whileRelaying } from './relay/running.ts';
import { type ThreadTimes, threadTimes } from './thread-times.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    tls: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

type Kind = keyof ThreadTimes;
const kinds: readonly Kind[] = ['main', 'stores', 'engine', 'files'];
type Figures = {
  readonly messagesPerS: number;
  readonly mainBusyPercent: number;
  readonly usPerMessage: ThreadTimes;
};

const whole: Load = { ...standardLoad, messages: Number(values.messages), tls: values.tls };

/** So many gateways at once, each with its part of the load; the clock runs until the last is done. */
async function measure(gateways: number): Promise<Figures> {
  const part = { ...whole, messages: whole.messages / gateways, senders: whole.senders / gateways };
  return withAll(gateways, part, async all => {
    const before = all.map(({ gateway }) => threadTimes(gateway.pid));
    const begun = performance.now();
    await Promise.all(all.map(({ relay }) => relay(part)));
    const ms = performance.now() - begun;
    const used = (kind: Kind): number =>
      all.reduce((sum, { gateway }, at) => {
        return sum + threadTimes(gateway.pid)[kind] - (before[at]?.[kind] ?? 0);
      }, 0);
    const each = (kind: Kind): number => (1_000 * used(kind)) / whole.messages;
    return {
      messagesPerS: (1_000 * whole.messages) / ms,
      mainBusyPercent: (100 * used('main')) / ms / gateways,
      usPerMessage: {
        main: each('main'),
        stores: each('stores'),
        engine: each('engine'),
        files: each('files'),
      },
    };
  });
}

async function withAll<Outcome>(
  count: number,
  load: Load,
  work: (all: readonly Running[]) => Promise<Outcome>,
  started: readonly Running[] = [],
): Promise<Outcome> {
  if (started.length === count) return work(started);
  return whileRelaying(contestants.postern, load, running =>
    withAll(count, load, work, [...started, running]),
  );
}

const rounds: { readonly one: Figures; readonly two: Figures }[] = [];
for (let round = 0; round < Number(values.rounds); round++)
  rounds.push({ one: await measure(1), two: await measure(2) });

if (values.json) console.log(JSON.stringify({ load: whole, rounds }));
else {
  const row = (figures: readonly Figures[]): Record<string, number> => {
    const middle = (pick: (each: Figures) => number): number => Math.round(median(figures.map(pick)));
    return {
      'messages/s': middle(each => each.messagesPerS),
      'busy %': middle(each => each.mainBusyPercent),
      ...Object.fromEntries(kinds.map(kind => [`${kind} µs`, middle(each => each.usPerMessage[kind])])),
    };
  };
  console.table({
    'one process': row(rounds.map(({ one }) => one)),
    'two processes': row(rounds.map(({ two }) => two)),
  });
  const ratios = rounds.map(({ one, two }) => two.messagesPerS / one.messagesPerS);
  console.log(
    `Two relay ${median(ratios).toFixed(2)} times as much as one (rounds: ${ratios.map(each => each.toFixed(2)).join(', ')}).`,
  );
}
