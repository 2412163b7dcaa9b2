import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inside, uplinks } from '../../lab/addresses.ts';
import { IsolatedServer, writeEtc } from '../../lab/servers/isolated.ts';
import { outputOf } from './isolated-run.ts';
import type { Post, RunningSystem } from './system.ts';
import { resolver } from './world.ts';

/** Unpacked from its package, `smtpctl` is not setgid, as it wants to be. */
const asQueueGroup = ['setpriv', '--regid', 'opensmtpq', '--clear-groups', '--'];

/** A real OpenSMTPD with both addresses as sources and the name of each; else with its defaults. */
export async function startOpenSmtpdSystem({ network, directory }: Post): Promise<RunningSystem> {
  const etc = await writeEtc(directory, resolver);
  const file = join(directory, 'smtpd.conf');
  const log = join(directory, 'log');
  await writeFile(file, configuration());
  const script = `chown root:root ${file} && exec smtpd -d -f ${file} >${log} 2>&1`;
  const server = IsolatedServer.start(network.mailHost, etc, ['sh', '-c', script]);
  return {
    ended: () => server.ended,
    queue: () => outputOf(server, [...asQueueGroup, 'smtpctl', 'show', 'queue']),
    doubted: async () => null,
    tail: async () => (await readFile(log, 'utf8').catch(() => '')).slice(-6_000),
  };
}

/** `max-mails`: the mail user sends all in one session. */
function configuration(): string {
  const sources = uplinks.map(({ source }) => source).join(', ');
  const names = uplinks.map(({ source, ehlo }) => `${source} = ${ehlo}`).join(', ');
  return `table sources { ${sources} }
table names { ${names} }
smtp limit max-mails 1000000
listen on ${inside.mailHost} port 25 hostname mail.example.com
action "out" relay src <sources> helo-src <names>
match from src 10.20.0.0/24 for any action "out"
`;
}
