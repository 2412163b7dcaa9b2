import { dmarcOf } from '../dmarc-view.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The policy does more than watch, explained. */
export const dmarcPNone: Rule = {
  id: 'DMARC-P-NONE',
  article: {
    title: 'The policy only watches.',
    meaning:
      'With p=none receivers report and do nothing else. That is the right first step; a stricter policy hurts where users write to mailing lists.',
    actedOn: 'Nobody.',
    ground: 'RFC 9989 sections 4.7 and 7.4',
    fix: 'When the reports show only your own senders, consider p=quarantine.',
    others: null,
  },
  judge(view) {
    const policy = dmarcOf(view);
    if (policy === null || policy === 'unsure') return [];
    const { tags, name } = policy;
    if (!(tags.get('p')?.toLowerCase() === 'none')) return [];
    const judgement: Judgement = {
      level: 'notice',
      subject: { kind: 'domain', name: view.facts.domain },
      message: `The DMARC policy at ${name} only watches (p=none): right to begin with, and not to end with.`,
      evidence: [evidenceOf(view, name, 'TXT')],
    };
    return [judgement];
  },
};
