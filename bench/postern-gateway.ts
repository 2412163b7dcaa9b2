import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RelayGateway } from './relay-gateway.ts';

const launcher = join(import.meta.dirname, '../bin/postern');

/** Where the gateway listens and delivers. */
export type PosternPlace = {
  readonly directory: string;
  readonly port: number;
  /** `deliver_to` of example.net. */
  readonly sinkPort: number;
  /** Offers STARTTLS, with a certificate of the tests. */
  readonly tls?: boolean;
};

const certificates = join(import.meta.dirname, '../test/certificates');

/** Writes the configuration of a relay for example.net; logs and trace at their defaults. Gives the file. */
export async function writePosternConfiguration(place: PosternPlace): Promise<string> {
  const file = join(place.directory, 'postern.yaml');
  await mkdir(join(place.directory, 'state'), { recursive: true });
  await writeFile(
    file,
    `hostname: mail.example.com
state_dir: ${join(place.directory, 'state')}
uplinks:
  - name: isp1
    ehlo: mail.example.com
    source: [127.0.0.2]
listeners:
  - address: 127.0.0.1:${place.port}
    role: relay${place.tls ? `\n    tls: { cert: ${certificates}/mail.pem, key: ${certificates}/mail.key }` : ''}
relay:
  from_networks: [127.0.0.0/8]
domains:
  - name: example.net
    role: primary
    deliver_to: ["127.0.0.1:${place.sinkPort}"]
`,
  );
  return file;
}

/** `bin/postern serve` as a process of its own, its log in a file of `directory`; resolves when it takes connections. */
export async function startPostern(place: PosternPlace): Promise<RelayGateway & { kill(): Promise<void> }> {
  const file = await writePosternConfiguration(place);
  const log = openSync(join(place.directory, 'postern.log'), 'a');
  const child = spawn(launcher, ['serve', '--config', file], { stdio: ['ignore', log, log] });
  const exited = once(child, 'exit');
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  while (!(await answers(place.port))) {
    if (child.exitCode !== null)
      throw new Error(`The gateway ended with ${child.exitCode}; its log is in ${place.directory}.`);
    await sleep(10);
  }
  if (child.pid === undefined) throw new Error('The gateway could not be started.');
  return { name: 'Postern', pid: child.pid, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('data', () => {
      socket.end('QUIT\r\n');
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
