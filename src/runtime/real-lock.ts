import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from './ports.ts';

export interface Lock {
  release(): Promise<void>;
}

/** Two that both found a dead holder's lock see after this time which of them has it. */
const settleMs = 100;

/**
 * Takes a lock for this process, or tells which one has it. It is a file that names its holder, so the lock of a process
 * that was killed is free. The error is a process ID, or a sentence where the file cannot be written.
 */
export async function takeLock(
  path: string,
): Promise<Result<Lock, { readonly holder: number } | { readonly trouble: string }>> {
  const own = `${process.pid} ${await startOf(process.pid)}\n`;
  const lock: Lock = {
    async release() {
      if ((await textOf(path)) === own) await rm(path, { force: true });
    },
  };
  try {
    await writeFile(path, own, { flag: 'wx', mode: 0o600 });
    return { ok: true, value: lock };
  } catch (error) {
    if (codeOf(error) !== 'EEXIST')
      return { ok: false, error: { trouble: `${path} cannot be written (${codeOf(error)}).` } };
  }
  const holder = await lockHolder(path);
  if (holder !== null) return { ok: false, error: { holder } };
  const mine = `${path}.${process.pid}`;
  try {
    await writeFile(mine, own, { mode: 0o600 });
    await rename(mine, path);
  } catch (error) {
    return { ok: false, error: { trouble: `${path} cannot be written (${codeOf(error)}).` } };
  }
  await sleep(settleMs);
  if ((await textOf(path)) === own) return { ok: true, value: lock };
  return { ok: false, error: { holder: (await lockHolder(path)) ?? 0 } };
}

/** The process that holds the lock now; null: none that lives. */
export async function lockHolder(path: string): Promise<number | null> {
  const match = /^(?<pid>\d{1,10}) (?<start>\d*)\n/.exec(await textOf(path));
  if (match?.groups === undefined) return null;
  const pid = Number(match.groups.pid);
  const start = await startOf(pid);
  return start !== '' && start === match.groups.start ? pid : null;
}

/** When a process began, in ticks since the start of the machine; '' where there is no such process. */
async function startOf(pid: number): Promise<string> {
  const stat = await textOf(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
