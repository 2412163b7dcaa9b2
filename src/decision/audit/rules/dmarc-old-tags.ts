import { dmarcOf } from '../dmarc-view.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The record has no tags of the old standard, explained. */
export const dmarcOldTags: Rule = {
  id: 'DMARC-OLD-TAGS',
  article: {
    title: 'The record has tags that no longer mean anything.',
    meaning: 'pct, rf and ri are gone from the standard; receivers pass them over.',
    actedOn: 'Nobody.',
    ground: 'RFC 9989 section C.5.2',
    fix: 'Take them out when the record is changed anyway.',
    others: null,
  },
  judge(view) {
    const policy = dmarcOf(view);
    if (policy === null || policy === 'unsure') return [];
    const { tags, name } = policy;
    if (!['pct', 'rf', 'ri'].some(tag => tags.has(tag))) return [];
    const judgement: Judgement = {
      level: 'info',
      subject: { kind: 'domain', name: view.facts.domain },
      message: `The DMARC record at ${name} has tags of the old standard, which are passed over.`,
      evidence: [evidenceOf(view, name, 'TXT')],
    };
    return [judgement];
  },
};
