import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';
import { isStsRecord } from './sts-none.ts';

/** There is one MTA-STS record. */
export const stsMany: Rule = {
  id: 'STS-MANY',
  article: {
    title: 'There is more than one MTA-STS record.',
    meaning: 'Senders then behave as if there were none.',
    actedOn: 'Senders.',
    ground: 'RFC 8461 section 3.1',
    fix: 'Keep one of the records.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const name = `_mta-sts.${domain}`;
    const records = view.records(name, 'TXT').filter(isStsRecord);
    if (records.length < 2) return [];
    const judgement: Judgement = {
      level: 'error',
      subject: { kind: 'domain', name: domain },
      message: `${domain} has ${records.length} MTA-STS records, so senders pass the policy over.`,
      evidence: [evidenceOf(view, name, 'TXT')],
      fix: 'Keep one of the records, and take the others away.',
    };
    return [judgement];
  },
};
