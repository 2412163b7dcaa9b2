import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { EventStream } from '../../runtime/events.ts';
import type { Result } from '../../runtime/ports.ts';
import { CareFolder } from '../../runtime/postfix/care-record.ts';
import { makePlan } from '../../runtime/postfix/make-plan.ts';
import { Notes } from '../../runtime/postfix/notes.ts';
import type { PostfixHost } from '../../runtime/postfix/postfix-host.ts';
import { PostfixWatch } from '../../runtime/postfix/postfix-watch.ts';
import { type Lock, takeLock } from '../../runtime/real-lock.ts';
import { Log } from '../log.ts';
import type { CliParts } from './cli-parts.ts';
import { ServiceManager } from './service-manager.ts';
import { listenForSignals } from './signals.ts';

type Called = { readonly settings: Settings; readonly host: PostfixHost; readonly isNamed: boolean };

/** `postern postfix watch`, until a signal ends it. */
export async function watchPostfix(called: Called, parts: CliParts): Promise<number> {
  const { host } = called;
  const { output } = parts;
  const folder = new CareFolder(host.configDirectory);
  const opened = await folder.open();
  if (!opened.ok) {
    output.error(opened.error);
    return 2;
  }
  const lock = await takeLock(folder.lockPath('watch'));
  if (!lock.ok) {
    output.error(
      'holder' in lock.error
        ? `Another "postern postfix watch" (process ${lock.error.holder}) cares for the Postfix in ${host.configDirectory}; two would undo each other's work.`
        : lock.error.trouble,
    );
    return 2;
  }
  try {
    return await watch(called, folder, parts);
  } finally {
    await lock.value.release();
  }
}

async function watch(
  { settings, host, isNamed }: Called,
  folder: CareFolder,
  parts: CliParts,
): Promise<number> {
  const { output, clock, processes, notifySocket } = parts;
  const network = parts.network();
  const made = await makePlan(host, settings, network, isNamed);
  if (!made.ok) {
    output.error(made.error);
    return 2;
  }
  const { terminal, colour } = output;
  const log = new Log(settings.log, { clock, fd: 1, terminal, colour, journal: parts.journal });
  const signals = listenForSignals();
  try {
    const taken = log.set(settings.log);
    if (!taken.ok) {
      output.error(taken.error);
      return 2;
    }
    const events = new EventStream();
    log.follow(withoutNotices(events));
    for (const edit of made.value.plan.edits)
      log.say(
        'warn',
        `Postfix is not as it should be (${edit.name}: ${edit.reason}); "postern postfix plan" shows it`,
      );
    const notes = await Notes.open(join(folder.path, 'notes.json'));
    const place = {
      host,
      notes,
      alone: (act: () => Promise<Result<void, string>>) => alone(folder, act),
      cool: (nowMs: number) => folder.cool(nowMs),
    };
    const started = await PostfixWatch.start({ ...parts, network, events }, settings, place, made.value);
    if (!started.ok) {
      output.error(started.error);
      return 2;
    }
    const manager = new ServiceManager(notifySocket, processes, message => log.say('warn', message));
    const status = `caring for Postfix in ${host.configDirectory}: ${started.value.transports.join(', ')}`;
    log.announce(`Postern is ready: ${status}`);
    void manager.ready(status);
    await signals.nextStop();
    void manager.stopping();
    await started.value.stop();
    log.announce('Postern has stopped; Postfix goes on by the uplink it has');
    return 0;
  } finally {
    signals.close();
    log.close();
  }
}

/** The log tells of states and decisions; a condition would say the same again, in words for a mail. */
function withoutNotices(events: EventStream): EventStream {
  const logged = new EventStream();
  events.subscribe(event => {
    if (event.kind !== 'condition') logged.emit(event);
  });
  return logged;
}

async function alone(
  folder: CareFolder,
  act: () => Promise<Result<void, string>>,
): Promise<Result<void, string>> {
  const lock = await takeLock(folder.lockPath('edit'));
  if (!lock.ok) return { ok: false, error: troubleOf(lock.error) };
  return within(lock.value, act);
}

async function within(lock: Lock, act: () => Promise<Result<void, string>>): Promise<Result<void, string>> {
  try {
    return await act();
  } finally {
    await lock.release();
  }
}

function troubleOf(error: { readonly holder: number } | { readonly trouble: string }): string {
  return 'holder' in error
    ? `another postern (process ${error.holder}) is changing this Postfix now.`
    : error.trouble;
}
