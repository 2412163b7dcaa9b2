import { namesHost } from '../../../protocol/tls/certificate-name.ts';
import type { Judgement, Rule } from '../rule.ts';
import { isPolicyEnforced } from '../tls-view.ts';
import { policyValues } from './sts-policy.ts';

/** The MTA-STS policy names every MX host. */
export const stsMx: Rule = {
  id: 'STS-MX',
  article: {
    title: 'The policy leaves a mail server out.',
    meaning: 'Senders that honour the policy do not deliver to a server that it does not name.',
    actedOn: 'Senders that honour MTA-STS.',
    ground: 'RFC 8461 section 4.1',
    fix: 'Add the name to the policy and change the id of the record.',
    others: null,
  },
  judge(view) {
    const { policy } = view.facts;
    if (policy?.kind !== 'fetched') return [];
    const patterns = policyValues(policy.text, 'mx');
    if (patterns.length === 0) return [];
    return view.mailHosts.map((host): Judgement => {
      const subject = { kind: 'mx', name: host } as const;
      const evidence = [{ asked: 'mx of the policy', answer: patterns.join(', ') }];
      if (patterns.some(pattern => namesHost(pattern, host)))
        return { level: 'pass', subject, message: `The MTA-STS policy names ${host}.`, evidence };
      return {
        level: isPolicyEnforced(view) ? 'error' : 'warning',
        subject,
        message: `The MTA-STS policy does not name ${host}, so senders that honour it pass this server over.`,
        evidence,
        fix: `mx: ${host}`,
      };
    });
  },
};
