import { egressSubject } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';

/** An IPv6 source is no temporary address. */
export const egressIpv6Temporary: Rule = {
  id: 'EGRESS-IPV6-TEMPORARY',
  article: {
    title: 'Mail leaves from an address that changes every day.',
    meaning: 'Privacy addresses change, so they can have no name, and no reputation.',
    actedOn: 'Every receiver that asks for a PTR.',
    ground: 'RFC 8981 section 3, RFC 6724 section 5',
    fix: 'Give the host a fixed address and write it as source.',
    others: null,
  },
  judge(view) {
    return view.facts.egresses.flatMap((egress): Judgement[] => {
      if (!egress.temporary) return [];
      return [
        {
          level: 'warning',
          subject: egressSubject(egress),
          message: `${egress.address} is a temporary address, which changes and can have no name.`,
          fix: 'Give the host a fixed IPv6 address and write it in source.',
        },
      ];
    });
  },
};
