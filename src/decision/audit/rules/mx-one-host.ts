import type { Rule } from '../rule.ts';
import { securedConversations } from '../tls-view.ts';
import type { AuditView } from '../view.ts';

/** More than one machine receives mail. */
export const mxOneHost: Rule = {
  id: 'MX-ONE-HOST',
  article: {
    title: 'One machine stands behind all names of mail servers.',
    meaning:
      'Several MX names of one machine cover a dead connection, and not a dead machine. A second machine as backup MX covers both.',
    actedOn: 'Nobody; when the machine is down mail waits at its senders for days.',
    ground: 'the case of a host with two uplinks',
    fix: 'Set up a second Postern elsewhere as backup MX (role: backup), with an MX of a higher preference.',
    others: null,
  },
  judge(view) {
    const { configuration, domain, egresses } = view.facts;
    const addresses = [...new Set(view.mailHosts.flatMap(host => view.addresses(host)))];
    if (addresses.length < 2) return [];
    const ours = new Set([
      ...egresses.map(({ address }) => address),
      ...(configuration?.listeners ?? []).map(({ address }) => address),
    ]);
    const subject = { kind: 'domain', name: domain } as const;
    if (addresses.some(address => !ours.has(address)))
      return configuration === null && ours.size === 0
        ? []
        : [{ level: 'pass', subject, message: `A server elsewhere also receives mail for ${domain}.` }];
    if (configuration === null && (egresses.length === 0 || showsManyKeys(view))) return [];
    return [
      {
        level: 'notice',
        subject,
        message: `All MX names of ${domain} lead to this one machine: a dead connection is covered, a dead machine is not.`,
        fix: `Set up a second Postern elsewhere as a backup, and set "${domain}. IN MX 100 (its name)."`,
      },
    ];
  },
};

/** From outside only this hints at several machines: each shows a key of its own. */
function showsManyKeys(view: AuditView): boolean {
  const keys = securedConversations(view).map(({ certificate }) => certificate.keyDigest);
  return new Set(keys).size > 1;
}
