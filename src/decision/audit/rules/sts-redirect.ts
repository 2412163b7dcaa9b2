import type { Judgement, Rule } from '../rule.ts';

/** The MTA-STS policy is not redirected. */
export const stsRedirect: Rule = {
  id: 'STS-REDIRECT',
  article: {
    title: 'The policy is redirected, and senders do not follow.',
    meaning: 'Senders must not follow a redirect to the policy, so for them it cannot be had.',
    actedOn: 'Senders that honour MTA-STS.',
    ground: 'RFC 8461 section 3.3',
    fix: 'Serve the policy at its own address, without a redirect.',
    others: null,
  },
  judge(view) {
    const { domain, policy } = view.facts;
    if (policy?.kind !== 'fetched' || !policy.redirected) return [];
    const judgement: Judgement = {
      level: 'error',
      subject: { kind: 'domain', name: domain },
      message: `The MTA-STS policy of ${domain} is redirected, and senders do not follow redirects.`,
      fix: `Serve the policy at https://mta-sts.${domain}/.well-known/mta-sts.txt itself.`,
    };
    return [judgement];
  },
};
