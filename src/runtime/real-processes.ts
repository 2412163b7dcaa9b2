import { type ChildProcess, spawn } from 'node:child_process';
import type { Processes, Result } from './ports.ts';

const outputLimitBytes = 4_096;
/** What a program said last is still in its pipes when it has ended; who has fled its group may hold them on. */
const lastWordsMs = 200;

/** The programs of this machine. */
export function realProcesses(): Processes {
  return { run };
}

/** The environment is what is given, and a PATH: nothing of ours leaks into it. */
function run({
  path,
  arguments: given = [],
  environment,
  timeoutMs,
  signal,
}: Parameters<Processes['run']>[0]): Promise<Result<void, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<void, string>>();
  if (signal?.aborted) return Promise.resolve({ ok: false, error: stopped(path) });
  const child = begun(path, given, environment);
  if (child instanceof Error) return Promise.resolve({ ok: false, error: notRun(path, child) });
  const output: Buffer[] = [];
  let outputBytes = 0;
  const hear = (chunk: Buffer): void => {
    if (outputBytes < outputLimitBytes) output.push(chunk.subarray(0, outputLimitBytes - outputBytes));
    outputBytes += chunk.length;
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const end = (result: Result<void, string>): void => {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', abort);
    killGroup(child);
    child.stdout.destroy();
    child.stderr.destroy();
    resolve(result);
  };
  const abort = (): void => end({ ok: false, error: stopped(path) });
  const deadline = setTimeout(
    () => end({ ok: false, error: `${path} was killed, because it had not ended after ${timeoutMs} ms.` }),
    timeoutMs,
  );
  signal?.addEventListener('abort', abort, { once: true });
  child.on('error', error => end({ ok: false, error: notRun(path, error) }));
  child.on('exit', (code, killedBy) => {
    clearTimeout(deadline);
    // What it has left running holds the pipes, and would hold them for as long as it likes.
    killGroup(child);
    const tell = (): void => {
      clearTimeout(patience);
      end(outcomeOf(path, code, killedBy, Buffer.concat(output).toString('utf8')));
    };
    const patience = setTimeout(tell, lastWordsMs);
    child.once('close', tell);
  });
  return promise;
}

/** Some failures (a path through a file, no memory) Node throws at once, where it tells others by an event. */
function begun(path: string, given: readonly string[], environment: Readonly<Record<string, string>>) {
  try {
    return spawn(path, given, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...environment },
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function notRun(path: string, error: Error): string {
  return `${path} could not be run: ${error.message}.`;
}

function outcomeOf(
  path: string,
  code: number | null,
  killedBy: NodeJS.Signals | null,
  output: string,
): Result<void, string> {
  if (code === 0) return { ok: true, value: undefined };
  const how = code === null ? `was ended by ${killedBy}` : `ended with code ${code}`;
  const said = output.trim().replace(/\s+/g, ' ').slice(0, 200);
  return { ok: false, error: `${path} ${how}${said === '' ? '.' : `: ${said}`}` };
}

function stopped(path: string): string {
  return `${path} was ended, because Postern stops.`;
}

/** The whole group, with what the program has left running. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}
