import { join } from 'node:path';
import { mistakeText } from '../../config/mistake.ts';
import { readSettings } from '../../config/read-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { EventStream } from '../../runtime/events.ts';
import type { Result } from '../../runtime/ports.ts';
import { CareFolder } from '../../runtime/postfix/care-record.ts';
import { makePlan } from '../../runtime/postfix/make-plan.ts';
import { Notes } from '../../runtime/postfix/notes.ts';
import { PostfixWatch, type WatchPlace } from '../../runtime/postfix/postfix-watch.ts';
import { type Lock, takeLock } from '../../runtime/real-lock.ts';
import { Log } from '../log.ts';
import type { CliParts } from './cli-parts.ts';
import type { Called } from './postfix-called.ts';
import { ServiceManager } from './service-manager.ts';
import { listenForSignals } from './signals.ts';

/** `postern postfix watch`, until a signal ends it; SIGHUP reads the configuration again. */
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

async function watch(called: Called, folder: CareFolder, parts: CliParts): Promise<number> {
  const { settings, host } = called;
  const { output, clock, processes, notifySocket } = parts;
  const { terminal, colour } = output;
  const log = new Log(settings.log, { clock, fd: 1, terminal, colour, journal: parts.journal });
  const signals = listenForSignals();
  try {
    const taken = log.set(settings.log);
    if (!taken.ok) {
      output.error(taken.error);
      return 2;
    }
    const make = await makerFor(called, folder, parts, log);
    const made = await make(settings);
    if (!made.ok) {
      output.error(made.error);
      return 2;
    }
    await made.value.start();
    const manager = new ServiceManager(notifySocket, processes, message => log.say('warn', message));
    const status = `caring for Postfix in ${host.configDirectory}: ${made.value.transports.join(', ')}`;
    log.announce(`Postern is ready: ${status}`);
    void manager.ready(status);
    let running: Running = { settings, watch: made.value };
    while ((await signals.next()) === 'SIGHUP') running = await reread(called.file, running, make, log);
    void manager.stopping();
    await running.watch.stop();
    log.announce('Postern has stopped; Postfix goes on by the uplink it has');
    return 0;
  } finally {
    signals.close();
    log.close();
  }
}

type Running = { readonly settings: Settings; readonly watch: PostfixWatch };
type Make = (settings: Settings) => Promise<Result<PostfixWatch, string>>;

/** Makes watches of one Postfix, one after the other, which share what is remembered; says what is amiss there. */
async function makerFor(
  { host, isNamed }: Called,
  folder: CareFolder,
  parts: CliParts,
  log: Log,
): Promise<Make> {
  const network = parts.network();
  const events = new EventStream();
  log.follow(withoutNotices(events));
  const place: WatchPlace = {
    host,
    notes: await Notes.open(join(folder.path, 'notes.json')),
    alone: act => alone(folder, act),
    cool: nowMs => folder.cool(nowMs),
  };
  return async settings => {
    const plan = await makePlan(host, settings, network, isNamed);
    if (!plan.ok) return plan;
    for (const { name, reason } of plan.value.plan.edits)
      log.say(
        'warn',
        `Postfix is not as it should be (${name}: ${reason}); "postern postfix plan" shows it, and "postern postfix apply" mends it`,
      );
    return PostfixWatch.of({ ...parts, network, events }, settings, place, plan.value);
  };
}

/** Puts a watch by the changed file in place of the one that runs, or tells why not and keeps that. */
async function reread(file: string, running: Running, make: Make, log: Log): Promise<Running> {
  const keep = (why: string): Running => {
    log.say('error', `The changed configuration is not taken, and the one before stays in use: ${why}`);
    return running;
  };
  const read = await readSettings(file);
  if (!read.ok) {
    // A log file that was renamed is let go all the same.
    log.set(running.settings.log);
    for (const mistake of read.error) log.say('error', mistakeText(mistake));
    return keep(`it has mistakes (${read.error.length})`);
  }
  for (const warning of read.value.warnings) log.say('warn', mistakeText(warning));
  const { settings } = read.value;
  const logged = log.set(settings.log);
  if (!logged.ok) log.say('error', logged.error);
  const made = await make(settings);
  if (!made.ok) return keep(made.error);
  await running.watch.stop();
  await made.value.start();
  log.say(
    'info',
    `The configuration ${file} was read again and is in use: ${made.value.transports.join(', ')}`,
  );
  return { settings, watch: made.value };
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
