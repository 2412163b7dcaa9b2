import type { Rule } from '../rule.ts';
import { judgeSpfTerms } from '../spf-terms.ts';

/** An mx term lets only those send who do. */
export const spfMxSpread: Rule = {
  id: 'SPF-MX-SPREAD',
  article: {
    title: 'SPF lets servers send that only receive.',
    meaning: 'The term mx allows every server that receives mail, also a backup elsewhere that never sends.',
    actedOn: 'Nobody, until that server is taken over.',
    ground: 'the case of a host with two uplinks',
    fix: 'Write the addresses of the uplinks in the place of mx.',
    others: null,
  },
  judge(view) {
    const { domain, egresses } = view.facts;
    if (egresses.length === 0) return [];
    const senders = new Set(egresses.map(({ address }) => address));
    return judgeSpfTerms(view, ({ mechanisms }) => {
      const ownMx = mechanisms.some(
        ({ name, target }) => name === 'mx' && (target === null || target === domain),
      );
      const idle = view.mailHosts.filter(host => {
        const addresses = view.addresses(host);
        return addresses.length > 0 && addresses.every(address => !senders.has(address));
      });
      if (!ownMx || idle.length === 0) return null;
      const terms = egresses.map(({ address, family }) => `ip${family}:${address}`).join(' ');
      return {
        level: 'notice',
        message: `SPF of ${domain} also lets ${idle.join(', ')} send, which only ${idle.length === 1 ? 'receives' : 'receive'}.`,
        fix: `In the place of mx: ${terms}`,
      };
    });
  },
};
