import type { Judgement, Rule } from '../rule.ts';
import { isDaneEnforced, tlsaOf } from '../tls-view.ts';
import { evidenceOf } from '../view.ts';

/** A mail host in a signed zone has TLSA records. */
export const daneNone: Rule = {
  id: 'DANE-NONE',
  article: {
    title: 'The zone is signed, but says nothing of the key of the mail server.',
    meaning:
      'With a TLSA record senders that know DANE insist on TLS with that key, and nobody on the way can take it away.',
    actedOn: 'Nobody; it is worth doing.',
    ground: 'RFC 7672 section 2.2',
    fix: 'Set the TLSA record that "postern records" prints.',
    others: null,
  },
  judge(view) {
    return view.mailHosts.flatMap((host): Judgement[] => {
      const name = `_25._tcp.${host}`;
      const fact = view.dns(name, 'TLSA');
      const four = view.dns(host, 'A');
      const signed = four.kind !== 'temperror' && four.authenticated === true;
      if (!signed || fact.kind === 'temperror') return [];
      const subject = { kind: 'mx', name: host } as const;
      const evidence = [evidenceOf(view, name, 'TLSA')];
      if (tlsaOf(view, host).records.length > 0)
        return [{ level: 'pass', subject, message: `${host} has TLSA records in a signed zone.`, evidence }];
      // Where other hosts of the domain are protected, DANE-PARTIAL tells it.
      if (view.mailHosts.some(other => isDaneEnforced(view, other))) return [];
      return [
        {
          level: 'notice',
          subject,
          message: `The zone of ${host} is signed, but has no TLSA record for it: senders cannot insist on its key.`,
          evidence,
          fix: '"postern records --config FILE" prints the TLSA record.',
        },
      ];
    });
  },
};
