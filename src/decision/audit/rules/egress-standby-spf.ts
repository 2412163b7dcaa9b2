import type { Judgement, Rule } from '../rule.ts';
import { spfOf } from '../spf-of.ts';
import { egressSubject, judgedEgresses } from './egress-subject.ts';
import { spfFix } from './spf-fix.ts';

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
    const { domain, egresses, configuration } = view.facts;
    // Only a configuration tells which of them stands by.
    if (configuration === null) return [];
    const best = Math.min(...egresses.map(({ preference }) => preference));
    return judgedEgresses(egresses).flatMap((egress): Judgement[] => {
      if (egress.preference === best) return [];
      const { result } = spfOf(view.facts, domain, egress);
      if (result !== 'fail' && result !== 'softfail' && result !== 'neutral') return [];
      return [
        {
          level: 'warning',
          subject: egressSubject(egress),
          message: `${egress.uplink} stands by, and SPF of ${domain} does not name its address ${egress.address}: mail fails on the day that it is needed.`,
          ...spfFix(view, egress),
        },
      ];
    });
  },
};
