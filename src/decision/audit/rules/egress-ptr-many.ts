import { reverseName } from '../../records/reverse-name.ts';
import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** An address has one PTR. */
export const egressPtrMany: Rule = {
  id: 'EGRESS-PTR-MANY',
  article: {
    title: 'The address has several names.',
    meaning: 'Receivers look at one of them, and not always at the same.',
    actedOn: 'A few receivers.',
    ground: 'practice',
    fix: 'Ask the provider to keep one PTR.',
    others: null,
  },
  judge(view) {
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      const { name } = reverseName(egress.address);
      const names = view.records(name, 'PTR');
      if (names.length < 2) return [];
      return [
        {
          level: 'notice',
          subject: egressSubject(egress),
          message: `${egress.address} has ${names.length} PTRs; receivers look at one of them, whichever comes.`,
          evidence: [evidenceOf(view, name, 'PTR')],
          fix: `Keep only "${name}. IN PTR ${egress.ehlo}."`,
        },
      ];
    });
  },
};
