import { reverseName } from '../../records/reverse-name.ts';
import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';
import { isGeneric } from './egress-ptr-generic.ts';

/** EHLO name and PTR are one name, or sound apart. */
export const egressEhloPtr: Rule = {
  id: 'EGRESS-EHLO-PTR',
  article: {
    title: 'The server says another name than its address has.',
    meaning:
      'Both names are sound, but differ. Large senders do so too; some receivers give a point for one name.',
    actedOn: 'A few receivers.',
    ground:
      "receivers' own rules; RFC 5321 section 4.1.4 lets them compare and forbids to refuse mail for it",
    fix: 'Let the provider set the PTR to the EHLO name, or say the name of the PTR.',
    others: 'This is what testing sites should mean by "banner mismatch": it is about sending.',
  },
  judge(view) {
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      const { name } = reverseName(egress.address);
      const names = view.records(name, 'PTR');
      if (names.length === 0) return [];
      const subject = egressSubject(egress);
      const evidence = [evidenceOf(view, name, 'PTR')];
      if (names.includes(egress.ehlo))
        return [
          { level: 'pass', subject, message: `EHLO name and PTR of ${egress.address} are one.`, evidence },
        ];
      const sound =
        names.some(each => view.addresses(each).includes(egress.address)) &&
        view.addresses(egress.ehlo).includes(egress.address);
      // Where one of them is not sound, or the PTR a poor one, that is told, and this would say it twice.
      if (!sound || names.some(each => isGeneric(each, egress.address))) return [];
      return [
        {
          level: 'notice',
          subject,
          message: `${egress.address} says EHLO ${egress.ehlo}, and its PTR is ${names.join(', ')}: both are sound, one name would be better.`,
          evidence,
          fix: `${name}. IN PTR ${egress.ehlo}.`,
          change: { [`${name} PTR`]: { kind: 'records', values: [egress.ehlo] } },
        },
      ];
    });
  },
};
