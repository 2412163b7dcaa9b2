import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IsolatedServer } from './isolated.ts';
import { MailServer, type Post } from './mail-server.ts';

/** An OpenSMTPD with a configuration of its own; its queue is in memory. */
export async function startOpenSmtpd(post: Post): Promise<MailServer> {
  const { directory } = post;
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'smtpd.conf'), configuration(post));
  const script = `chown root:root ${directory}/smtpd.conf && mkdir -p ${directory}/mail &&
    chown opensmtpd:opensmtpd ${directory}/mail && exec smtpd -d -f ${directory}/smtpd.conf`;
  return new MailServer(
    'OpenSMTPD',
    post,
    IsolatedServer.start(post.namespace, post.etc, ['sh', '-c', script]),
  );
}

function configuration(post: Post): string {
  const { directory, certificate } = post;
  return `pki here cert "${certificate.cert}"
pki here key "${certificate.key}"
smtp max-message-size 60M
table users { "@" = "opensmtpd" }
listen on ${post.address} port 25 tls pki here hostname ${post.name}
action "keep" maildir "${directory}/mail" virtual <users>
action "pass" relay host "smtp://${post.relayTo}" helo ${post.name}
match from any for domain ${post.domain} action "keep"
match from any for any action "pass"
`;
}
