import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

export type Program = { readonly child: ChildProcess; readonly lines: Interface };

/** A program beside this file, which tells something on a line of its own. */
export function startProgram(file: string, args: readonly string[]): Program {
  const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error(`${file} cannot be heard.`);
  return { child, lines: createInterface({ input: child.stdout }) };
}

export async function heard({ lines }: Program): Promise<string> {
  const [line] = await once(lines, 'line');
  return String(line);
}

export async function stopProgram({ child }: Program): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
