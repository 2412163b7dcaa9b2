import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { services, whereabouts } from '../lab/servers/postfix-files.ts';
import type { RelayGateway } from './relay-gateway.ts';

const run = promisify(execFile);
const certificates = join(import.meta.dirname, '../test/certificates');

/**
 * A Postfix of its own, with configuration, queue and data below `directory`; the machine's own is not touched.
 * Tuned as one would for a relay without DNS: 100 processes, 50 at once to the next hop, all recipients of a message in one
 * transaction, no delay on input. It logs by syslog, which is its default; where no syslog runs, that costs it next to nothing.
 * Needs root, for Postfix changes to its own user.
 */
export async function startPostfix(
  directory: string,
  port: number,
  sinkPort: number,
  tls = false,
): Promise<RelayGateway> {
  const configuration = join(directory, 'config');
  const queue = join(directory, 'queue');
  const data = join(directory, 'data');
  await chmod(directory, 0o755);
  for (const folder of [configuration, queue, data]) await mkdir(folder, { mode: 0o755 });
  await run('chown', ['postfix', data]);
  await writeFile(join(configuration, 'main.cf'), mainCf(directory, sinkPort) + (tls ? tlsCf(data) : ''));
  await writeFile(join(configuration, 'master.cf'), `127.0.0.1:${port} inet n - n - - smtpd\n${services}`);
  await run('postfix', ['-c', configuration, 'start']);
  const pid = Number((await readFile(join(queue, 'pid/master.pid'), 'utf8')).trim());
  return {
    name: 'Postfix',
    pid,
    async stop() {
      await run('postfix', ['-c', configuration, 'stop']);
    },
  };
}

function mainCf(directory: string, sinkPort: number): string {
  return `${whereabouts(directory, '/etc/postfix')}myhostname = mail.example.com
mydestination =
inet_interfaces = 127.0.0.1
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:${sinkPort}
smtp_dns_support_level = disabled
default_process_limit = 100
default_destination_concurrency_limit = 50
smtp_destination_concurrency_limit = 50
smtp_destination_recipient_limit = 100
initial_destination_concurrency = 50
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
`;
}

/** STARTTLS on both sides where it is offered; sessions are resumed, and connections kept by tlsproxy. */
function tlsCf(data: string): string {
  return `smtpd_tls_security_level = may
smtpd_tls_cert_file = ${certificates}/mail.pem
smtpd_tls_key_file = ${certificates}/mail.key
smtpd_tls_session_cache_database = btree:${data}/smtpd_scache
smtp_tls_security_level = may
smtp_tls_session_cache_database = btree:${data}/smtp_scache
smtp_tls_connection_reuse = yes
`;
}
