import { join } from 'node:path';
import type { Command } from 'commander';
import { mistakeText } from '../../config/mistake.ts';
import { readSettings } from '../../config/read-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { endpointText } from '../../decision/admission/listener.ts';
import { EventStream } from '../../runtime/events.ts';
import { socketName } from '../control/protocol.ts';
import { freeSocketPath, startControlSocket } from '../control/server.ts';
import { Log } from '../log.ts';
import type { GatewayMetrics } from '../metrics/gateway-metrics.ts';
import { type CliParts, defaultConfigFile, type ServedGateway } from './cli-parts.ts';
import { addCommand, optionsOf, withConfig } from './command.ts';
import { countEvents, type ServedPages, servePages } from './served-pages.ts';
import { ServiceManager } from './service-manager.ts';
import { listenForSignals, type Signals } from './signals.ts';

/** How long a stop may take before it is given up. */
const stopWithinMs = 25_000;

/** `postern serve`. */
export function addServe(program: Command, parts: CliParts, end: (code: number) => void): void {
  const command = addCommand(program, 'serve', 'run the mail gateway, in the foreground', [
    'postern serve',
    'postern serve --config ./postern.yaml',
  ]).addHelpText(
    'after',
    '\nSIGTERM or SIGINT ends it cleanly, SIGHUP takes a changed configuration into use; a bad one is not taken.',
  );
  withConfig(command).action(async (_options, self: Command) => {
    end(await serve(optionsOf(self).config ?? defaultConfigFile, parts, program.version() ?? ''));
  });
}

async function serve(file: string, parts: CliParts, version: string): Promise<number> {
  const { output, clock } = parts;
  const read = await readSettings(file);
  if (!read.ok) {
    for (const mistake of read.error) output.error(mistakeText(mistake));
    return 2;
  }
  const { settings, warnings } = read.value;
  const socketPath = join(settings.stateDir, socketName);
  const free = await freeSocketPath(socketPath);
  if (!free.ok) {
    output.error(free.error);
    return 2;
  }
  const { terminal, colour } = output;
  const log = new Log(settings.log, { clock, fd: 1, terminal, colour, journal: parts.journal });
  const opened = log.set(settings.log);
  if (!opened.ok) {
    output.error(opened.error);
    return 2;
  }
  const onCrash = (error: Error): void => {
    log.say('error', `Postern ends by a fault of its own: ${error.stack ?? error.message}`);
    log.close();
  };
  process.on('uncaughtExceptionMonitor', onCrash);
  const signals = listenForSignals();
  try {
    for (const warning of warnings) log.say('warn', mistakeText(warning));
    const events = new EventStream();
    log.follow(events);
    const metrics = countEvents(events, clock, version);
    const started = await parts.startGateway(settings, events);
    if (!started.ok) {
      output.error(started.error);
      return 3;
    }
    return await run(file, settings, socketPath, started.value, { ...parts, log, signals, metrics });
  } finally {
    signals.close();
    log.close();
    process.off('uncaughtExceptionMonitor', onCrash);
  }
}

type RunParts = CliParts & {
  readonly log: Log;
  readonly signals: Signals;
  readonly metrics: GatewayMetrics;
};

async function run(
  file: string,
  settings: Settings,
  socketPath: string,
  gateway: ServedGateway,
  { clock, output, log, signals, metrics, processes, notifySocket }: RunParts,
): Promise<number> {
  const control = await startControlSocket(socketPath, gateway.control, clock);
  if (!control.ok) {
    await gateway.stop();
    output.error(control.error);
    return 3;
  }
  metrics.watch(gateway.control);
  const say = (level: 'warn' | 'info', message: string): void => log.say(level, message);
  const pages = servePages(gateway.control, metrics, clock, say);
  await pages.set(settings.http);
  const manager = new ServiceManager(notifySocket, processes, message => log.say('warn', message));
  const listening = gateway.control.listeners().filter(({ state }) => state === 'listening');
  const where = listening.map(endpointText);
  const status = where.length === 0 ? 'no listener has its address yet' : `listening on ${where.join(', ')}`;
  log.announce(`Postern is ready: ${status}`, { pid: process.pid });
  void manager.ready(status);

  let current = settings;
  const lost = gateway.lost.then(reason => ({ lost: reason }));
  let heard = await Promise.race([signals.next(), lost]);
  while (heard === 'SIGHUP') {
    current = await reload(file, current, gateway, log, pages);
    heard = await Promise.race([signals.next(), lost]);
  }
  if (typeof heard === 'object') log.say('error', heard.lost);
  log.say('info', 'Postern is stopping: what is in flight is finished or handed back');
  pages.stopping();
  void manager.stopping();
  const stopped = await Promise.race([
    gateway.stop().then(() => 'stopped' as const),
    clock.sleep(stopWithinMs).then(() => 'late' as const),
    signals.nextStop().then(() => 'pressed' as const),
  ]);
  await Promise.all([control.value.close(), pages.close()]);
  if (stopped === 'stopped') {
    log.announce('Postern has stopped');
    return typeof heard === 'object' ? 3 : 0;
  }
  log.say(
    'error',
    `Postern did not stop ${stopped === 'late' ? 'in time' : 'before the second signal'}; nothing is lost, what was in flight may be in doubt`,
  );
  return 3;
}

/** Takes the changed file into use, or tells why not and keeps what is. */
async function reload(
  file: string,
  current: Settings,
  gateway: ServedGateway,
  log: Log,
  pages: ServedPages,
): Promise<Settings> {
  const read = await readSettings(file);
  if (!read.ok) {
    // A log file that was renamed is let go all the same.
    log.set(current.log);
    for (const mistake of read.error) log.say('error', mistakeText(mistake));
    log.say(
      'error',
      `The changed configuration is not taken, because it has mistakes (${read.error.length}); the one before stays in use`,
    );
    return current;
  }
  for (const warning of read.value.warnings) log.say('warn', mistakeText(warning));
  let { settings } = read.value;
  if (settings.stateDir !== current.stateDir) {
    log.say('warn', `A changed state_dir is taken at the next start only; ${current.stateDir} stays in use`);
    settings = { ...settings, stateDir: current.stateDir };
  }
  const logged = log.set(settings.log);
  if (!logged.ok) log.say('error', logged.error);
  await pages.set(settings.http);
  const taken = await gateway.reload(settings);
  if (!taken.ok) log.say('error', taken.error);
  const missing = taken.ok ? '' : ', as far as it can be';
  log.say('info', `The configuration ${file} was read again and is in use${missing}`);
  return settings;
}
