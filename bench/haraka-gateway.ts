import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { greeted } from '../lab/loopback/greeted.ts';
import type { RelayGateway } from './relay-gateway.ts';

const run = promisify(execFile);
export const harakaVersion = '3.3.4';
let installed: Promise<string> | null = null;

/** Haraka from npm, in a folder of its own, once for each run. */
export function installHaraka(): Promise<string> {
  installed ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-bench-haraka-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', `haraka@${harakaVersion}`]);
    return join(folder, 'node_modules', 'haraka', 'bin', 'haraka');
  })();
  return installed;
}

/**
 * Haraka as a relay with its outbound queue on the disk of `directory`, under our Node; one process, which is its
 * default. It answers when the message is in a file of the queue, and synced.
 */
export async function startHaraka(directory: string, port: number, sinkPort: number): Promise<RelayGateway> {
  const program = await installHaraka();
  const config = join(directory, 'config');
  await run(process.execPath, [program, '-i', directory]);
  const files: Record<string, string> = {
    me: 'mail.example.com\n',
    'smtp.ini': `listen=127.0.0.1:${port}\nnodes=0\n`,
    'outbound.ini': 'concurrency_max=50\nenable_tls=false\n',
    loglevel: 'INFO\n',
    plugins: 'pass\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(config, name), text);
  await writeFile(join(directory, 'plugins', 'pass.js'), plugin(sinkPort));
  const log = openSync(join(directory, 'haraka.log'), 'a');
  const child = spawn(process.execPath, [program, '-c', directory], { stdio: ['ignore', log, log] });
  await greeted(port, () => child.exitCode !== null);
  return {
    name: 'Haraka',
    pid: child.pid ?? 0,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

const plugin = (sinkPort: number): string => `exports.hook_rcpt = (next, connection) => {
  connection.relaying = true;
  next(OK);
};
exports.hook_get_mx = (next) => next(OK, { exchange: '127.0.0.1', port: ${sinkPort}, priority: 0 });
`;
