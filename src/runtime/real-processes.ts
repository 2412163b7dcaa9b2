import { type ChildProcess, spawn } from 'node:child_process';
import type { Processes, Result } from './ports.ts';

const outputLimitBytes = 4_096;

/** The programs of this machine. */
export function realProcesses(): Processes {
  return { run };
}

/** The environment is what is given, and a PATH: nothing of ours leaks into it. */
function run({
  path,
  environment,
  timeoutMs,
  signal,
}: Parameters<Processes['run']>[0]): Promise<Result<void, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<void, string>>();
  const child = spawn(path, [], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...environment },
  });
  let output = '';
  const hear = (chunk: Buffer): void => {
    if (output.length < outputLimitBytes) output += chunk.toString('utf8', 0, outputLimitBytes);
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
  const abort = (): void => end({ ok: false, error: `${path} was ended, because Postern stops.` });
  const deadline = setTimeout(
    () => end({ ok: false, error: `${path} was killed, because it had not ended after ${timeoutMs} ms.` }),
    timeoutMs,
  );
  signal?.addEventListener('abort', abort, { once: true });
  child.on('error', error => end({ ok: false, error: `${path} could not be run: ${error.message}.` }));
  // Not `close`: a grandchild may hold the pipes for as long as it likes.
  child.on('exit', (code, killedBy) => {
    if (code === 0) return end({ ok: true, value: undefined });
    const how = code === null ? `was ended by ${killedBy}` : `ended with code ${code}`;
    const said = output.trim().replace(/\s+/g, ' ').slice(0, 200);
    end({ ok: false, error: `${path} ${how}${said === '' ? '.' : `: ${said}`}` });
  });
  return promise;
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
