import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DemoReport, type PlaySetting, play } from './play.ts';
import { openStandInWorld } from './stand-in-world.ts';

const inside = fileURLToPath(new URL(`./demo-inside${extname(import.meta.url)}`, import.meta.url));

/** The exit code by which the demo in namespaces says that it could not be set up there, and a stand-in may play. */
export const notHere = 75;

export type DemoOptions = {
  /** Only the report, as the last line of standard output; what happens is told on standard error. */
  readonly json: boolean;
  /** False: the cable is a stand-in even where a real one could be laid. */
  readonly realCable?: boolean;
};

/**
 * Plays the demo and gives the exit code: 0 where nothing was lost or doubled and both uplinks carried mail, 1 where
 * not, 3 where it could not be set up. Takes a real cable where an ordinary user may make network namespaces.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  if (options.realCable !== false) {
    const code = await playInNamespaces(options.json);
    if (code !== notHere) return code;
    outputFor(options.json).write('This machine lets this user lay no cable of its own; a stand-in plays.\n');
  }
  return playHere(openStandInWorld, options.json, 3);
}

/** Plays in this process, and prints; `unable` is the exit code where the world cannot be set up. */
export async function playHere(
  openWorld: Parameters<typeof play>[0],
  json: boolean,
  unable: number,
): Promise<number> {
  const stop = new AbortController();
  const stopNow = (): void => stop.abort();
  process.on('SIGINT', stopNow).on('SIGTERM', stopNow);
  try {
    const played = await play(openWorld, { output: outputFor(json), stop: stop.signal });
    if (!played.ok) {
      process.stderr.write(
        `${unable === notHere ? 'No real cable can be laid here: ' : ''}${played.error}\n`,
      );
      return unable;
    }
    if (json) process.stdout.write(`${JSON.stringify(played.value)}\n`);
    return stop.signal.aborted ? 130 : exitCode(played.value);
  } finally {
    process.off('SIGINT', stopNow).off('SIGTERM', stopNow);
  }
}

function exitCode(report: DemoReport): number {
  const sound = report.lost === 0 && report.duplicates === 0 && report.accepted > 0;
  return sound && Object.keys(report.by_uplink).length === 2 ? 0 : 1;
}

function outputFor(json: boolean): PlaySetting['output'] {
  const stream = json ? process.stderr : process.stdout;
  const terminal = stream.isTTY === true && process.env['TERM'] !== 'dumb';
  return {
    write: text => stream.write(text),
    columns: terminal ? stream.columns || 80 : null,
    colour: terminal && (process.env['NO_COLOR'] ?? '') === '',
  };
}

/** Runs the demo again inside namespaces of its own; `notHere` where this machine does not let us. */
async function playInNamespaces(json: boolean): Promise<number> {
  const entry = ['--user', '--map-root-user', '--net', '--'];
  if (process.platform !== 'linux' || !(await runs('unshare', [...entry, 'true']))) return notHere;
  const args = [...entry, process.execPath, inside, ...(json ? ['--json'] : [])];
  return new Promise(resolve => {
    const child = spawn('unshare', args, { stdio: ['ignore', 'inherit', 'inherit'] });
    // Ctrl-C reaches the child by itself; we stay until it has cleaned up.
    const hold = (): void => {};
    const pass = (): void => {
      child.kill('SIGTERM');
    };
    process.on('SIGINT', hold).on('SIGTERM', pass);
    const done = (code: number): void => {
      process.off('SIGINT', hold).off('SIGTERM', pass);
      resolve(code);
    };
    child.once('error', () => done(notHere));
    child.once('close', code => done(code ?? 1));
  });
}

/** Whether a command can be run and ends well. */
function runs(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise(resolve => {
    const child = spawn(command, args, { stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('close', code => resolve(code === 0));
  });
}
