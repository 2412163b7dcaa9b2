import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IsolatedServer, packages } from './isolated.ts';
import { MailServer, type Post } from './mail-server.ts';
import { logFile, services, whereabouts } from './postfix-files.ts';

/** Lines of main.cf, in place of ours for the same parameters, and lines added to master.cf. */
type More = { readonly main: string; readonly master?: string };

/** A Postfix with queue and configuration of its own; it keeps the mail of its domain, or does what `more` says. */
export async function startPostfix(
  post: Post,
  more: More = { main: `mydestination =\nvirtual_mailbox_domains = ${post.domain}` },
): Promise<MailServer> {
  const { directory } = post;
  for (const folder of ['config', 'queue', 'data']) await mkdir(join(directory, folder), { recursive: true });
  await cp(join(packages, 'etc/postfix'), join(directory, 'config'), { recursive: true });
  await writeFile(join(directory, 'config', 'main.cf'), `${without(more.main, mainCf(post))}${more.main}\n`);
  await writeFile(
    join(directory, 'config', 'master.cf'),
    `${post.address}:25 inet n - n - - smtpd\nvirtual unix - n n - - virtual\n${services}${more.master ?? ''}\n`,
  );
  const script = `mkdir -p ${directory}/mail && chown postfix:postfix ${directory}/data ${directory}/mail &&
    exec postfix -c ${directory}/config start-fg`;
  const process = IsolatedServer.start(post.namespace, post.etc, ['sh', '-c', script]);
  return new MailServer('Postfix', post, process, join(directory, 'log'));
}

/** `text` without its lines for parameters that `main` sets. */
function without(main: string, text: string): string {
  const parameter = (line: string): string => /^\w+/.exec(line)?.[0] ?? '';
  const set = new Set(main.split('\n').map(parameter));
  return text
    .split('\n')
    .filter(line => line === '' || !set.has(parameter(line)))
    .join('\n');
}

function mainCf(post: Post): string {
  const { directory, certificate } = post;
  return `${whereabouts(directory)}${logFile(directory)}myhostname = ${post.name}
inet_interfaces = ${post.address}
mynetworks = 0.0.0.0/0
relayhost = ${post.relayTo === '' ? '' : `[${post.relayTo}]`}
virtual_mailbox_base = ${directory}
virtual_mailbox_maps = static:mail/
virtual_mailbox_limit = 0
virtual_uid_maps = static:64001
virtual_gid_maps = static:64001
virtual_minimum_uid = 100
message_size_limit = 60000000
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_tls_cert_file = ${certificate.cert}
smtpd_tls_key_file = ${certificate.key}
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_tls_loglevel = 1
smtp_tls_security_level = may
smtp_tls_loglevel = 1
smtp_tls_session_cache_database = btree:${directory}/data/smtp_tls
smtputf8_autodetect_classes = all
minimal_backoff_time = 5s
queue_run_delay = 5s
`;
}
