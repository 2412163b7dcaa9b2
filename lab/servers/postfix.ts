import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IsolatedServer, packages } from './isolated.ts';
import { MailServer, type Post } from './mail-server.ts';

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
  await writeFile(join(directory, 'config', 'master.cf'), `${masterCf(post)}${more.master ?? ''}\n`);
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
  return `compatibility_level = 3.6
queue_directory = ${directory}/queue
data_directory = ${directory}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = ${directory}/config
mail_owner = postfix
setgid_group = postdrop
maillog_file = ${directory}/log
maillog_file_prefixes = ${directory}
myhostname = ${post.name}
inet_interfaces = ${post.address}
inet_protocols = ipv4
mynetworks = 0.0.0.0/0
alias_maps =
alias_database =
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

function masterCf(post: Post): string {
  return `${post.address}:25 inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
virtual unix - n n - - virtual
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}
