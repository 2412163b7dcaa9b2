import { isUsable, matchesChain } from '../../../protocol/tls/tlsa.ts';
import type { Judgement, Rule } from '../rule.ts';
import { isDaneEnforced, tlsaOf } from '../tls-view.ts';
import { evidenceOf } from '../view.ts';

/** The TLSA records match what every address of a name shows. */
export const daneUplinksDiffer: Rule = {
  id: 'DANE-UPLINKS-DIFFER',
  article: {
    title: 'By one of its addresses the server shows a key that is not published.',
    meaning: 'Whether DANE senders deliver depends on the address that they happen to pick.',
    actedOn: 'Senders that know DANE.',
    ground: 'the case of a host with two uplinks; RFC 7672 section 2.2',
    fix: 'Publish the keys of both listeners, or give both the same certificate.',
    others: null,
  },
  judge(view) {
    return view.mailHosts.flatMap((host): Judgement[] => {
      if (!isDaneEnforced(view, host)) return [];
      const { records } = tlsaOf(view, host);
      const shown = view
        .conversationsWith(host)
        .flatMap(({ tls, address }) => (tls?.kind === 'done' ? [{ address, chain: tls.chain }] : []));
      const bad = shown.filter(({ chain }) =>
        records.filter(isUsable).every(record => matchesChain(record, chain) === false),
      );
      if (bad.length === 0 || bad.length === shown.length) return [];
      return [
        {
          level: 'error',
          subject: { kind: 'mx', name: host },
          message: `${host} shows at ${bad.map(({ address }) => address).join(', ')} a key that no TLSA record holds, and at its other address one that does.`,
          evidence: [evidenceOf(view, `_25._tcp.${host}`, 'TLSA')],
          fix: bad
            .map(({ chain }) => `_25._tcp.${host}. IN TLSA 3 1 1 ${chain[0]?.keyDigest ?? ''}`)
            .join('\n'),
        },
      ];
    });
  },
};
