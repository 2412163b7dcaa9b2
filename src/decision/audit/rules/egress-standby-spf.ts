import { egressSubject, judgedEgresses, standsBy } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfFix } from '../spf-fix.ts';
import { isLeftOut, spfOf } from '../spf-of.ts';
import { evidenceOf } from '../view.ts';

/** An uplink that only stands by is in SPF. */
export const egressStandbySpf: Rule = {
  id: 'EGRESS-STANDBY-SPF',
  article: {
    title: 'The spare connection is missing from SPF.',
    meaning: 'The uplink is idle today. On the day that it is needed its mail is refused.',
    actedOn: 'Receivers, on that day.',
    ground: 'RFC 7208 section 4',
    fix: 'Put the address into the SPF record today.',
    others: null,
  },
  judge(view) {
    const { domain, egresses } = view.facts;
    return judgedEgresses(egresses).flatMap((egress): Judgement[] => {
      if (!standsBy(view, egress)) return [];
      const { result } = spfOf(view.facts, domain, egress);
      if (!isLeftOut(result)) return [];
      return [
        {
          level: 'warning',
          subject: egressSubject(egress),
          message: `${egress.uplink} stands by, and SPF of ${domain} does not name its address ${egress.address}: mail fails on the day that it is needed.`,
          evidence: [
            { asked: `SPF of ${domain} for ${egress.address}`, answer: result },
            evidenceOf(view, domain, 'TXT'),
          ],
          ...spfFix(view, egress),
        },
      ];
    });
  },
};
