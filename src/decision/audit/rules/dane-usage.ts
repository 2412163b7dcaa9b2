import { parseTlsa } from '../../../protocol/tls/tlsa.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** TLSA records have a usage that is for SMTP. */
export const daneUsage: Rule = {
  id: 'DANE-USAGE',
  article: {
    title: 'The published key has a form that mail does not use.',
    meaning:
      'Usages 0 and 1 want a public authority, which senders of mail do not have in common: they pass such records over.',
    actedOn: 'Nobody: they are passed over.',
    ground: 'RFC 7672 section 3.1.3',
    fix: 'Publish the key as 3 1 1.',
    others: null,
  },
  judge(view) {
    return view.mailHosts.flatMap((host): Judgement[] => {
      const name = `_25._tcp.${host}`;
      const wrong = view.records(name, 'TLSA').filter(text => (parseTlsa(text)?.usage ?? 9) < 2);
      if (wrong.length === 0) return [];
      return [
        {
          level: 'warning',
          subject: { kind: 'mx', name: host },
          message: `${wrong.length} of the TLSA records of ${host} have usage 0 or 1, which is not for mail.`,
          evidence: [evidenceOf(view, name, 'TLSA')],
          fix: '"postern records --config FILE" prints the TLSA record in the form 3 1 1.',
        },
      ];
    });
  },
};
