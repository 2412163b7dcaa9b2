import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The EHLO name is no alias. */
export const egressEhloCname: Rule = {
  id: 'EGRESS-EHLO-CNAME',
  article: {
    title: 'The name that the server says is an alias.',
    meaning: 'The standard wants a name with an address of its own in EHLO.',
    actedOn: 'A few strict receivers.',
    ground: 'RFC 5321 section 2.3.5',
    fix: 'Say the name that the alias leads to, or give the name an address record.',
    others: null,
  },
  judge(view) {
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      const fact = view.dns(egress.ehlo, egress.family === 4 ? 'A' : 'AAAA');
      const alias = fact.kind === 'temperror' ? undefined : fact.alias;
      if (alias === undefined) return [];
      return [
        {
          level: 'warning',
          subject: egressSubject(egress),
          message: `The EHLO name ${egress.ehlo} is an alias of ${alias}.`,
          evidence: [evidenceOf(view, egress.ehlo, egress.family === 4 ? 'A' : 'AAAA')],
          fix: `${egress.ehlo}. IN ${egress.family === 4 ? 'A' : 'AAAA'} ${egress.address}`,
        },
      ];
    });
  },
};
