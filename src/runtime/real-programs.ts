import { type ChildProcess, spawn } from 'node:child_process';
import { endsWithUs } from './ends-with-us.ts';
import type { Programs, Result } from './ports.ts';
import { endText, killGroup, onLastWords, searchPath } from './real-child-group.ts';

const lineBytes = 4_096;
const errorBytes = 4_096;
const lastWordsMs = 200;

/** The programs of this machine that answer. Their environment is a PATH and the plain language of messages. */
export function realPrograms(): Programs {
  return { ask, follow };
}

function start(path: string, words: readonly string[]): ChildProcess {
  return spawn(path, words, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: searchPath, LC_ALL: 'C' },
  });
}

function ask(request: Parameters<Programs['ask']>[0]): Promise<Result<string, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<string, string>>();
  const { signal, outputBytes, timeoutMs } = request;
  const failed = (error: string): Result<string, string> => ({ ok: false, error });
  if (signal?.aborted) return Promise.resolve(failed(`${request.path} was not run, because Postern stops.`));
  const child = start(request.path, request.arguments);
  const output: Buffer[] = [];
  let bytes = 0;
  const trouble: Buffer[] = [];
  let troubleBytes = 0;
  const end = (result: Result<string, string>): void => {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', abort);
    killGroup(child);
    resolve(result);
  };
  /** Ended by itself: what it means to leave running is left. */
  const finish = (result: Result<string, string>): void => {
    if (request.background !== true) return end(result);
    signal?.removeEventListener('abort', abort);
    child.stdout?.destroy();
    child.stderr?.destroy();
    resolve(result);
  };
  const abort = (): void => end(failed(`${request.path} was ended, because Postern stops.`));
  const deadline = setTimeout(
    () => end(failed(`${request.path} was killed, because it had not ended after ${timeoutMs} ms.`)),
    timeoutMs,
  );
  signal?.addEventListener('abort', abort, { once: true });
  child.stdout?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= outputBytes) output.push(chunk);
    else end(failed(`${request.path} said more than ${outputBytes} bytes.`));
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    troubleBytes += chunk.length;
    if (troubleBytes <= errorBytes) trouble.push(chunk);
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(request.input ?? '');
  child.on('error', error => end(failed(`${request.path} could not be run: ${error.message}.`)));
  child.once('exit', () => clearTimeout(deadline));
  const patienceMs = request.background === true ? lastWordsMs / 4 : lastWordsMs;
  onLastWords(child, patienceMs, (code, killedBy) => {
    if (code === 0) return finish({ ok: true, value: Buffer.concat(output).toString('utf8') });
    const said = Buffer.concat(trouble).toString('utf8').slice(-300);
    finish(failed(endText(request.path, code, killedBy, said)));
  });
  return promise;
}

function follow(request: Parameters<Programs['follow']>[0]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { signal, line } = request;
  if (signal.aborted) return Promise.resolve(`${request.path} was not run, because Postern stops.`);
  const child = start(...endsWithUs(request.path, request.arguments));
  let said = '';
  let rest = '';
  const hear = (chunk: string): void => {
    const lines = (rest + chunk).split('\n');
    // A line without an end is cut where it is too long; the rest of it is heard as lines that mean nothing.
    rest = (lines.pop() ?? '').slice(0, lineBytes);
    for (const each of lines) if (each !== '') line(each.slice(0, lineBytes));
  };
  const end = (why: string): void => {
    signal.removeEventListener('abort', abort);
    killGroup(child);
    child.stdout?.destroy();
    resolve(why);
  };
  const abort = (): void => end(`${request.path} was ended, because Postern stops.`);
  signal.addEventListener('abort', abort, { once: true });
  child.stdout?.setEncoding('utf8');
  child.stdout?.on('data', hear);
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (chunk: string) => {
    said = (said + chunk).slice(-300);
  });
  child.stdin?.on('error', () => undefined);
  child.on('error', error => end(`${request.path} could not be run: ${error.message}.`));
  onLastWords(child, lastWordsMs, (code, killedBy) => end(endText(request.path, code, killedBy, said)));
  return promise;
}
