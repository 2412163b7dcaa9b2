import { dmarcOf } from '../dmarc-view.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The policy is meant, explained. */
export const dmarcTest: Rule = {
  id: 'DMARC-TEST',
  article: {
    title: 'The policy is marked as a test.',
    meaning: 'With t=y receivers apply the policy one step milder.',
    actedOn: 'Receivers that know the new standard.',
    ground: 'RFC 9989 section A.6',
    fix: 'Take t=y out when the test is over.',
    others: null,
  },
  judge(view) {
    const policy = dmarcOf(view);
    if (policy === null || policy === 'unsure') return [];
    const { tags, name } = policy;
    if (!(tags.get('t')?.toLowerCase() === 'y')) return [];
    const judgement: Judgement = {
      level: 'notice',
      subject: { kind: 'domain', name: view.facts.domain },
      message: `The DMARC policy at ${name} is marked as a test (t=y).`,
      evidence: [evidenceOf(view, name, 'TXT')],
    };
    return [judgement];
  },
};
