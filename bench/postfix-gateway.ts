import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RelayGateway } from './relay-gateway.ts';

const run = promisify(execFile);
const certificates = join(import.meta.dirname, '../test/certificates');

/**
 * A Postfix of its own, with configuration, queue and data below `directory`; the machine's own is not touched.
 * Tuned as one would for a relay without DNS: 100 processes, 50 at once to the next hop, no delay on input. It logs
 * by syslog, which is its default; where no syslog runs, that costs it next to nothing.
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
  await writeFile(
    join(configuration, 'main.cf'),
    mainCf({ queue, data, sinkPort }) + (tls ? tlsCf(data) : ''),
  );
  await writeFile(join(configuration, 'master.cf'), masterCf(port));
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

function mainCf(where: { queue: string; data: string; sinkPort: number }): string {
  return `compatibility_level = 3.6
queue_directory = ${where.queue}
data_directory = ${where.data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.com
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
relayhost = [127.0.0.1]:${where.sinkPort}
smtp_dns_support_level = disabled
default_process_limit = 100
default_destination_concurrency_limit = 50
smtp_destination_concurrency_limit = 50
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

function masterCf(port: number): string {
  return `127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
tlsproxy unix - - n - 0 tlsproxy
postlog unix-dgram n - n - 1 postlogd
`;
}
