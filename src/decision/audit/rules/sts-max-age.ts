import type { Judgement, Rule } from '../rule.ts';
import { policyValues } from './sts-policy.ts';

/** The MTA-STS policy is kept for a week at least. */
export const stsMaxAge: Rule = {
  id: 'STS-MAX-AGE',
  article: {
    title: 'The policy is forgotten after a few days.',
    meaning:
      'A policy protects only while a sender remembers it; under a week an attacker need not wait long.',
    actedOn: 'Nobody.',
    ground: 'RFC 8461 section 3.2',
    fix: 'Set max_age to 604800 or more.',
    others: null,
  },
  judge(view) {
    const { domain, policy } = view.facts;
    if (policy?.kind !== 'fetched') return [];
    const seconds = Number(policyValues(policy.text, 'max_age')[0] ?? Number.NaN);
    if (Number.isNaN(seconds) || seconds >= 604_800) return [];
    const judgement: Judgement = {
      level: 'notice',
      subject: { kind: 'domain', name: domain },
      message: `The MTA-STS policy of ${domain} is kept for ${Math.round(seconds / 3600)} hours only.`,
      evidence: [{ asked: 'max_age', answer: String(seconds) }],
      fix: 'max_age: 604800',
    };
    return [judgement];
  },
};
