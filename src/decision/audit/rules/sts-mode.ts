import type { Judgement, Rule } from '../rule.ts';
import { policyValues } from './sts-policy.ts';

/** The MTA-STS policy is enforced. */
export const stsMode: Rule = {
  id: 'STS-MODE',
  article: {
    title: 'The policy is only tested.',
    meaning: 'In the modes testing and none senders deliver whatever happens; testing has them report.',
    actedOn: 'Nobody.',
    ground: 'RFC 8461 section 3.2',
    fix: 'When the reports (TLS-RPT) are clean, set mode: enforce and change the id.',
    others: null,
  },
  judge(view) {
    const { domain, policy } = view.facts;
    if (policy?.kind !== 'fetched') return [];
    const mode = policyValues(policy.text, 'mode')[0];
    if (mode !== 'testing' && mode !== 'none') return [];
    const judgement: Judgement = {
      level: 'notice',
      subject: { kind: 'domain', name: domain },
      message: `The MTA-STS policy of ${domain} is in the mode ${mode}: senders deliver whatever happens.`,
      evidence: [{ asked: 'mode', answer: mode }],
      fix: 'mode: enforce',
    };
    return [judgement];
  },
};
