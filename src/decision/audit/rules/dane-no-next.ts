import { isUsable, matchesChain } from '../../../protocol/tls/tlsa.ts';
import type { Judgement, Rule } from '../rule.ts';
import { chainsOf, isDaneEnforced, tlsaOf } from '../tls-view.ts';
import { evidenceOf } from '../view.ts';

/** A TLSA record for the next key, explained. */
export const daneNoNext: Rule = {
  id: 'DANE-NO-NEXT',
  article: {
    title: 'Only the key of today is published.',
    meaning:
      'Before the key of the server changes, the new one must have been published for some time. With only one record the change needs care.',
    actedOn: 'Nobody.',
    ground: 'RFC 7671 section 8.1',
    fix: 'Publish the next key beside it, before you change.',
    others: null,
  },
  judge(view) {
    return view.mailHosts.flatMap((host): Judgement[] => {
      if (!isDaneEnforced(view, host)) return [];
      const chains = chainsOf(view, host);
      const usable = tlsaOf(view, host).records.filter(isUsable);
      const [only, ...others] = usable;
      if (
        only === undefined ||
        others.length > 0 ||
        !chains.some(chain => matchesChain(only, chain) === true)
      )
        return [];
      return [
        {
          level: 'info',
          subject: { kind: 'mx', name: host },
          message: `${host} publishes the key of today only; publish the next one before you change it.`,
          evidence: [evidenceOf(view, `_25._tcp.${host}`, 'TLSA')],
        },
      ];
    });
  },
};
