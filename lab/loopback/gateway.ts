import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { greeted } from './greeted.ts';

/** The program as users start it. */
export const launcher = join(import.meta.dirname, '../../bin/postern');

/** Where the gateway listens and delivers. */
export type PosternPlace = {
  readonly directory: string;
  readonly port: number;
  /** `deliver_to` of example.net and example.org. */
  readonly sinkPort: number;
  /** Offers STARTTLS, with a certificate of the tests. */
  readonly tls?: boolean;
  /** Lines added to the configuration. */
  readonly more?: string;
};

const certificates = join(import.meta.dirname, '../../test/certificates');

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
  - name: example.org
    role: primary
    deliver_to: ["127.0.0.1:${place.sinkPort}"]
${place.more ?? ''}
`,
  );
  return file;
}

/** A program that starts the gateway and becomes it, and more of its environment. */
export type Through = {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

export type LoopbackGateway = {
  readonly pid: number;
  stop(): Promise<void>;
  /** By SIGKILL. */
  kill(): Promise<void>;
};

/** `bin/postern serve` as a process of its own, its log in a file of `directory`; resolves when it takes connections. */
export async function startPostern(place: PosternPlace, through: Through = {}): Promise<LoopbackGateway> {
  const file = await writePosternConfiguration(place);
  const log = openSync(join(place.directory, 'postern.log'), 'a');
  const [program = launcher, ...before] = through.command ?? [];
  const serve = [...(through.command ? [launcher] : []), 'serve', '--config', file];
  const env = { ...process.env, ...through.environment };
  const child = spawn(program, [...before, ...serve], { stdio: ['ignore', log, log], env });
  const exited = once(child, 'exit');
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  await greeted(place.port, () => child.exitCode !== null);
  if (child.pid === undefined) throw new Error('The gateway could not be started.');
  return { pid: child.pid, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}
