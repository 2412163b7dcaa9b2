import { parseSpf } from '../../../protocol/spf/record.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfRecords } from '../spf-of.ts';
import { evidenceOf } from '../view.ts';

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
    const { domain } = view.facts;
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, domain, 'TXT')];
    const senders = new Set(view.facts.egresses.map(({ address }) => address));
    if (senders.size === 0) return [];
    return spfRecords(view, domain).flatMap((record): Judgement[] => {
      const parsed = parseSpf(record);
      if (
        !parsed.ok ||
        !parsed.value.mechanisms.some(
          ({ name, target }) => name === 'mx' && (target === null || target === domain),
        )
      )
        return [];
      const idle = view.mailHosts.filter(host => {
        const addresses = view.addresses(host);
        return addresses.length > 0 && addresses.every(address => !senders.has(address));
      });
      if (idle.length === 0) return [];
      const terms = view.facts.egresses.map(({ address, family }) => `ip${family}:${address}`).join(' ');
      return [
        {
          level: 'notice',
          subject,
          message: `SPF of ${domain} also lets ${idle.join(', ')} send, which only ${idle.length === 1 ? 'receives' : 'receive'}.`,
          evidence,
          fix: `In the place of mx: ${terms}`,
        },
      ];
    });
  },
};
