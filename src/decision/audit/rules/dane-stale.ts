import { isUsable, matchesChain } from '../../../protocol/tls/tlsa.ts';
import type { Judgement, Rule } from '../rule.ts';
import { chainsOf, isDaneEnforced, tlsaOf } from '../tls-view.ts';
import { evidenceOf } from '../view.ts';

/** Every TLSA record matches a key in use, explained. */
export const daneStale: Rule = {
  id: 'DANE-STALE',
  article: {
    title: 'DNS holds a key that the server does not show now.',
    meaning:
      'That is as it should be while a key is changed: the next key is published before it is used. If no change is planned, it is a leftover.',
    actedOn: 'Nobody.',
    ground: 'RFC 7671 section 8.1',
    fix: 'Nothing needs to be done while a key is changed; else take the old record away.',
    others: null,
  },
  judge(view) {
    return view.mailHosts.flatMap((host): Judgement[] => {
      if (!isDaneEnforced(view, host)) return [];
      const chains = chainsOf(view, host);
      const { records } = tlsaOf(view, host);
      const idle = records.filter(
        record => isUsable(record) && chains.every(chain => matchesChain(record, chain) === false),
      );
      if (chains.length === 0 || idle.length === 0 || idle.length === records.length) return [];
      return [
        {
          level: 'info',
          subject: { kind: 'mx', name: host },
          message: `${idle.length} of the TLSA records of ${host} match no key that it shows now; that is right while its key is changed.`,
          evidence: [evidenceOf(view, `_25._tcp.${host}`, 'TLSA')],
        },
      ];
    });
  },
};
