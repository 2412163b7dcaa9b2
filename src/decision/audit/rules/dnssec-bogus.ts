import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** Signed answers validate. */
export const dnssecBogus: Rule = {
  id: 'DNSSEC-BOGUS',
  article: {
    title: 'The signatures of the zone are wrong.',
    meaning: 'Resolvers that validate give no answer at all: for them the domain has vanished.',
    actedOn: 'Every resolver that validates, among them those of the largest providers.',
    ground: 'RFC 4035 section 5',
    fix: 'Sign the zone anew, or correct the DS record at the parent.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return [[domain, 'MX'], ...view.mailHosts.map(host => [host, 'A'])].flatMap(
      ([name = '', type = '']): Judgement[] => {
        const fact = view.dns(name, type);
        if (fact.kind !== 'temperror' || fact.failure !== 'bogus') return [];
        return [
          {
            level: 'error',
            subject: { kind: 'zone', name },
            message: `The signatures of ${name} do not validate, so resolvers that look at them give no answer.`,
            evidence: [evidenceOf(view, name, type)],
            fix: 'Sign the zone anew, or correct its DS record at the parent zone.',
          },
        ];
      },
    );
  },
};
