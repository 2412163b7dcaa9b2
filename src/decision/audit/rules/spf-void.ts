import { voidLimit } from '../../../protocol/spf/evaluate.ts';
import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfOf } from '../spf-of.ts';

/** SPF has two look-ups in vain at most. */
export const spfVoid: Rule = {
  id: 'SPF-VOID',
  article: {
    title: 'SPF names hosts that do not exist.',
    meaning: 'Receivers stop after two look-ups that find nothing, and some treat SPF as broken.',
    actedOn: 'Some receivers.',
    ground: 'RFC 7208 section 4.6.4',
    fix: 'Take the names out that no longer exist.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      const { voids } = spfOf(view.facts, domain, egress);
      if (voids <= voidLimit) return [];
      return [
        {
          level: 'warning',
          subject: egressSubject(egress),
          message: `SPF of ${domain} names ${voids} hosts or more that do not exist.`,
          evidence: [
            { asked: `SPF of ${domain} for ${egress.address}`, answer: `${voids} look-ups found nothing` },
          ],
          fix: 'Take the names out of the record that no longer exist.',
        },
      ];
    });
  },
};
