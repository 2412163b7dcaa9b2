import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

/** A program of ours, heard line by line. */
export type OwnProgram = { readonly child: ChildProcess; readonly lines: Interface };

/** `file` stands in this folder, or below it. */
export function startProgram(file: string, args: readonly string[]): OwnProgram {
  const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error(`${file} cannot be heard.`);
  return { child, lines: createInterface({ input: child.stdout }) };
}

/** The next line; throws where the program has ended without one, now or before. */
export async function heard({ child, lines }: OwnProgram): Promise<string> {
  const ended = new AbortController();
  const gone = (): void => ended.abort();
  // Not 'exit', which may come before the last line.
  child.once('close', gone);
  if (hasEnded(child) && child.stdout?.closed !== false) gone();
  try {
    const [line] = await once(lines, 'line', { signal: ended.signal });
    return String(line);
  } finally {
    child.off('close', gone);
  }
}

/** Kills it, unless it has ended by itself. */
export async function stopProgram({ child }: OwnProgram): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
