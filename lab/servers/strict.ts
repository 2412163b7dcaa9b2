import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startExim } from './exim.ts';
import type { MailServer, Post } from './mail-server.ts';
import { startPostfix } from './postfix.ts';

/**
 * A Postfix that takes mail for its domain from no client whose address and name do not lead to each other, whose EHLO
 * name is unknown, or that SPF of the EHLO name or of the reverse-path excludes. Each refusal is a 5xx.
 */
export async function startStrictPostfix(post: Post): Promise<MailServer> {
  const policy = join(post.directory, 'policyd-spf.conf');
  await mkdir(post.directory, { recursive: true });
  await writeFile(policy, 'debugLevel = 0\nHELO_reject = Fail\nMail_From_reject = Fail\n');
  return startPostfix(post, {
    main: `mydestination =
virtual_mailbox_domains = ${post.domain}
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = yes
smtpd_helo_required = yes
smtpd_recipient_restrictions = reject_unauth_destination, reject_unknown_client_hostname,
  reject_non_fqdn_helo_hostname, reject_invalid_helo_hostname, reject_unknown_helo_hostname,
  check_policy_service unix:private/spf
unknown_client_reject_code = 550
unknown_hostname_reject_code = 550
spf_time_limit = 1h`,
    master: `spf unix - n n - 0 spawn user=nobody argv=/usr/bin/policyd-spf ${policy}`,
  });
}

/** An Exim as strict as that; the names must fit by its own ACLs, SPF is libspf2's. */
export function startStrictExim(post: Post): Promise<MailServer> {
  const acl = `  deny message = relay not permitted
       !domains = ${post.domain}
  deny message = $sender_host_address has no name that leads back to it
       !verify = reverse_host_lookup
  deny message = $sender_helo_name does not lead to $sender_host_address
       !verify = helo
  deny message = SPF of $sender_address_domain excludes $sender_host_address
       spf = fail
  accept add_header = :at_start:$spf_received
`;
  return startExim(post, { acl });
}
