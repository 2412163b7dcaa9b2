import { isSpf } from '../../../protocol/spf/record.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfOf } from '../spf-of.ts';
import { evidenceOf } from '../view.ts';
import { egressSubject, judgedEgresses } from './egress-subject.ts';

/** SPF passes for every sending address. */
export const egressSpf: Rule = {
  id: 'EGRESS-SPF',
  article: {
    title: 'Mail from this connection is not allowed by your own SPF.',
    meaning:
      'Receivers see mail of your domain from an address that SPF does not name: they take it for a forgery.',
    actedOn: 'Most receivers: it is refused or goes to the junk folder.',
    ground: 'RFC 7208 section 4',
    fix: 'Put the address into the SPF record.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      const { result, matched, reason, lookUps } = spfOf(view.facts, domain, egress);
      const subject = egressSubject(egress);
      const why = matched === null ? (reason ?? 'no term matches') : `${matched.term} of ${matched.domain}`;
      const evidence = [
        {
          asked: `SPF of ${domain} for ${egress.address}`,
          answer: `${result} (${why}; ${lookUps} look-ups)`,
        },
        evidenceOf(view, domain, 'TXT'),
      ];
      if (result === 'pass')
        return [
          { level: 'pass', subject, message: `SPF of ${domain} passes for ${egress.address}.`, evidence },
        ];
      // Told by checks of their own.
      if (result === 'none') return [];
      if (result === 'temperror')
        return [
          {
            level: 'skip',
            subject,
            message: `SPF of ${domain} could not be judged for ${egress.address}: ${reason ?? 'no answer'}.`,
            evidence,
            unanswered: true,
          },
        ];
      const change = withTerm(view.records(domain, 'TXT'), `ip${egress.family}:${egress.address}`);
      return [
        {
          level: 'error',
          subject,
          message: `SPF of ${domain} gives ${result} for ${egress.address}: receivers take mail by ${egress.uplink} for a forgery.`,
          evidence,
          ...(change === null
            ? {}
            : {
                fix: `${domain}. IN TXT "${change.record}"`,
                change: { [`${domain} TXT`]: { kind: 'records', values: change.values } },
              }),
        },
      ];
    });
  },
};

/** The texts with one more term right after the version of their SPF record; null where there is not exactly one. */
function withTerm(texts: readonly string[], term: string): { record: string; values: string[] } | null {
  const records = texts.filter(isSpf);
  const [old] = records;
  if (old === undefined || records.length > 1) return null;
  const record = old.replace(/^(v=spf1)/i, `$1 ${term}`);
  return { record, values: texts.map(text => (text === old ? record : text)) };
}
