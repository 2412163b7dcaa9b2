import type { Judgement, Rule } from '../rule.ts';
import { spfRecords } from '../spf-of.ts';
import { evidenceOf } from '../view.ts';

/** There is one SPF record. */
export const spfMany: Rule = {
  id: 'SPF-MANY',
  article: {
    title: 'The domain has more than one SPF record.',
    meaning: 'Receivers then treat SPF as broken, as if no sender were allowed.',
    actedOn: 'Every receiver that asks SPF.',
    ground: 'RFC 7208 sections 3.2 and 4.5',
    fix: 'Join the records into one.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, domain, 'TXT')];
    const records = spfRecords(view, domain);
    if (records.length < 2) return [];
    const judgement: Judgement = {
      level: 'error',
      subject,
      message: `${domain} has ${records.length} SPF records: SPF is broken for all of its mail.`,
      evidence,
      fix: 'Join the records into one, and take the others away.',
    };
    return [judgement];
  },
};
