import type { Judgement, Rule } from '../rule.ts';
import { isDaneEnforced } from '../tls-view.ts';
import { evidenceOf } from '../view.ts';

/** All mail hosts of the domain have TLSA records, or none. */
export const danePartial: Rule = {
  id: 'DANE-PARTIAL',
  article: {
    title: 'Only some of the mail servers are protected by DANE.',
    meaning: 'An attacker who can block the protected servers moves mail to the others.',
    actedOn: 'Attackers on the way.',
    ground: 'RFC 7672 section 2.2',
    fix: 'Set TLSA records for every MX host.',
    others: null,
  },
  judge(view) {
    const hosts = view.mailHosts;
    if (!hosts.some(host => isDaneEnforced(view, host))) return [];
    // Records that do not count are told by checks of their own, and so are hosts without an address.
    const bare = hosts.filter(host => {
      const { kind } = view.dns(`_25._tcp.${host}`, 'TLSA');
      return (kind === 'nodata' || kind === 'nxdomain') && view.addresses(host).length > 0;
    });
    return bare.map(
      (host): Judgement => ({
        level: 'warning',
        subject: { kind: 'mx', name: host },
        message: `${host} has no TLSA record, while other MX hosts of the domain have: DANE protects only a part.`,
        evidence: [evidenceOf(view, `_25._tcp.${host}`, 'TLSA')],
        fix: '"postern records --config FILE" prints the TLSA record.',
      }),
    );
  },
};
