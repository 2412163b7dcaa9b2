import { execFile } from 'node:child_process';
import type { IsolatedServer } from '../../lab/servers/isolated.ts';

export type Ran = { readonly code: number; readonly out: string; readonly err: string };

/** Runs a command among a server's own files, processes and networks. */
export async function runAmong(server: IsolatedServer, command: readonly string[]): Promise<Ran> {
  const args = await server.entering(command);
  return new Promise(resolve => {
    execFile('nsenter', args, { timeout: 60_000, maxBuffer: 64_000_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 99, out, err });
    });
  });
}

/** The same, for what must succeed; gives its standard output. */
export async function outputOf(server: IsolatedServer, command: readonly string[]): Promise<string> {
  const { code, out, err } = await runAmong(server, command);
  if (code === 0) return out;
  throw new Error(`"${command.join(' ')}" ended with ${code}: ${err}`);
}
