import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { greeted } from '../lab/loopback/greeted.ts';
import { IsolatedServer, writeEtc } from '../lab/servers/isolated.ts';
import { Namespace } from '../src/surface/demo/namespaces.ts';
import type { RelayGateway } from './relay-gateway.ts';

/**
 * Many sessions to the next hop at once, kept long, and none of the pauses that it makes out of politeness; without
 * `conn-delay-route` it would open one session each five seconds. Tasks are never held back: it lets go of them too late.
 */
const limits = {
  'max-conn-per-host': 50,
  'max-conn-per-source': 50,
  'max-conn-per-connector': 50,
  'max-conn-per-relay': 50,
  'max-conn-per-domain': 50,
  'max-conn-per-route': 50,
  'conn-delay-host': 0,
  'conn-delay-source': 0,
  'conn-delay-connector': 0,
  'conn-delay-relay': 0,
  'conn-delay-domain': 0,
  'conn-delay-route': 0,
  'reconn-delay-route': 0,
  'session-transaction-delay': 0,
  'session-mail-max': 1_000,
  'task-hiwat': 100_000,
  'task-lowat': 50_000,
  'task-release': 50_000,
};

/**
 * Debian's OpenSMTPD as a relay without DNS, tuned as far as it can be, its queue on the disk of `directory`. Needs root,
 * and lab/servers/install.
 */
export async function startOpenSmtpd(
  directory: string,
  port: number,
  sinkPort: number,
): Promise<RelayGateway> {
  const here = Namespace.here();
  const etc = await writeEtc(directory, '127.0.0.1');
  const queue = join(directory, 'queue');
  await mkdir(queue, { mode: 0o711 });
  const configuration = join(directory, 'smtpd.conf');
  await writeFile(
    configuration,
    `${Object.entries(limits)
      .map(([name, value]) => `mta limit ${name} ${value}`)
      .join('\n')}
smtp limit max-mails 1000000
listen on 127.0.0.1 port ${port} hostname mail.example.com
action "pass" relay host "smtp://127.0.0.1:${sinkPort}"
match from any for any action "pass"
`,
  );
  const script = `mount --bind ${queue} /var/spool/smtpd && exec smtpd -d -f ${configuration}`;
  const server = IsolatedServer.start(here, etc, ['sh', '-c', script]);
  await greeted(port, () => server.ended);
  return {
    name: 'OpenSMTPD',
    pid: server.pid,
    async stop() {
      here.close();
    },
  };
}
