import { dmarcOf } from '../dmarc-view.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** There is one DMARC record. */
export const dmarcMany: Rule = {
  id: 'DMARC-MANY',
  article: {
    title: 'There is more than one DMARC record.',
    meaning: 'Receivers then behave as if there were none.',
    actedOn: 'Every receiver that asks DMARC.',
    ground: 'RFC 9989 section 4.10',
    fix: 'Keep one of the records.',
    others: null,
  },
  judge(view) {
    const policy = dmarcOf(view);
    if (policy === null || policy === 'unsure' || policy.records.length < 2) return [];
    const judgement: Judgement = {
      level: 'error',
      subject: { kind: 'domain', name: view.facts.domain },
      message: `${policy.name} has ${policy.records.length} DMARC records, so receivers pass all of them over.`,
      evidence: [evidenceOf(view, policy.name, 'TXT')],
      fix: 'Keep one of the records, and take the others away.',
    };
    return [judgement];
  },
};
