import { spawn } from 'node:child_process';
import type { Processes, Result } from './ports.ts';
import { endText, killGroup, onLastWords, searchPath } from './real-child-group.ts';

const outputLimitBytes = 4_096;
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
  child.once('exit', () => {
    clearTimeout(deadline);
    // What it has left running holds the pipes, and would hold them for as long as it likes.
    killGroup(child);
  });
  onLastWords(child, lastWordsMs, (code, killedBy) => {
    if (code === 0) return end({ ok: true, value: undefined });
    const said = Buffer.concat(output).toString('utf8').slice(0, 200);
    end({ ok: false, error: endText(path, code, killedBy, said) });
  });
  return promise;
}

/** Some failures (a path through a file, no memory) Node throws at once, where it tells others by an event. */
function begun(path: string, given: readonly string[], environment: Readonly<Record<string, string>>) {
  try {
    return spawn(path, given, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: searchPath, ...environment },
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function notRun(path: string, error: Error): string {
  return `${path} could not be run: ${error.message}.`;
}

function stopped(path: string): string {
  return `${path} was ended, because Postern stops.`;
}
