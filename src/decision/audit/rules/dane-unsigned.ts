import type { Judgement, Rule } from '../rule.ts';
import { tlsaOf } from '../tls-view.ts';
import { evidenceOf } from '../view.ts';

/** TLSA records stand in a signed zone. */
export const daneUnsigned: Rule = {
  id: 'DANE-UNSIGNED',
  article: {
    title: 'The key of the mail server is published where nobody believes it.',
    meaning: 'TLSA records count only in a zone that is signed with DNSSEC. Senders pass these over.',
    actedOn: 'Nobody: they are passed over.',
    ground: 'RFC 7672 section 2.1',
    fix: 'Sign the zone, or take the records away.',
    others: null,
  },
  judge(view) {
    return view.mailHosts.flatMap((host): Judgement[] => {
      const { records, signed } = tlsaOf(view, host);
      if (records.length === 0 || signed) return [];
      // A resolver that is not to be believed, or does not validate, tells nothing of signatures.
      if (!view.validates)
        return [
          {
            level: 'skip',
            subject: { kind: 'mx', name: host },
            message: `The resolver does not validate, so nobody can say whether the TLSA records of ${host} are signed.`,
          },
        ];
      return [
        {
          level: 'warning',
          subject: { kind: 'mx', name: host },
          message: `${host} has TLSA records, but its zone is not signed, so senders pass them over.`,
          evidence: [evidenceOf(view, `_25._tcp.${host}`, 'TLSA')],
          fix: 'Sign the zone with DNSSEC, and have the parent zone publish its DS record.',
        },
      ];
    });
  },
};
