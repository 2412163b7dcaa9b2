import { egressSubject, judgedEgresses, standsBy } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfFix } from '../spf-fix.ts';
import { isLeftOut, spfOf } from '../spf-of.ts';

/** A backup that sends is in SPF. */
export const backupSendsNoSpf: Rule = {
  id: 'BACKUP-SENDS-NO-SPF',
  article: {
    title: 'The second machine sends, and SPF leaves it out.',
    meaning: 'Its mail is taken for a forgery.',
    actedOn: 'Most receivers.',
    ground: 'RFC 7208 section 4',
    fix: 'Put its address into the SPF record.',
    others: null,
  },
  judge(view) {
    const { domain, configuration } = view.facts;
    if (configuration?.domains.find(({ name }) => name === domain)?.role !== 'backup') return [];
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      // Told as that of an uplink which stands by.
      if (standsBy(view, egress)) return [];
      const { result } = spfOf(view.facts, domain, egress);
      if (!isLeftOut(result)) return [];
      return [
        {
          level: 'error',
          subject: egressSubject(egress),
          message: `This backup sends from ${egress.address}, and SPF of ${domain} gives ${result} for it.`,
          evidence: [{ asked: `SPF of ${domain} for ${egress.address}`, answer: result }],
          ...spfFix(view, egress),
        },
      ];
    });
  },
};
