import { lookUpLimit } from '../../../protocol/spf/evaluate.ts';
import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfOf } from '../spf-of.ts';

/** SPF needs ten look-ups at most. */
export const spfLookups: Rule = {
  id: 'SPF-LOOKUPS',
  article: {
    title: 'Judging SPF costs too many look-ups.',
    meaning:
      'Receivers stop after ten and treat SPF as broken. Each include, a, mx, exists and redirect costs one; addresses cost none.',
    actedOn: 'Every receiver that asks SPF.',
    ground: 'RFC 7208 section 4.6.4',
    fix: 'Write addresses (ip4, ip6) in the place of a and mx, and take out services that no longer send.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      const { lookUps, result } = spfOf(view.facts, domain, egress);
      if (result === 'none' || result === 'temperror') return [];
      const subject = egressSubject(egress);
      const evidence = [{ asked: `SPF of ${domain} for ${egress.address}`, answer: `${lookUps} look-ups` }];
      if (lookUps <= lookUpLimit)
        return [
          {
            level: 'pass',
            subject,
            message: `SPF of ${domain} costs ${lookUps} look-ups for ${egress.address}.`,
            evidence,
          },
        ];
      return [
        {
          level: 'error',
          subject,
          message: `SPF of ${domain} costs more than ${lookUpLimit} look-ups for ${egress.address}, so receivers treat it as broken.`,
          evidence,
          fix: `Put ip${egress.family}:${egress.address} at the beginning of the record, and take out what no longer sends.`,
        },
      ];
    });
  },
};
