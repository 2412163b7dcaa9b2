import { reverseName } from '../../records/reverse-name.ts';
import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** IPv6 is used for sending only with a PTR. */
export const egressIpv6Bare: Rule = {
  id: 'EGRESS-IPV6-BARE',
  article: {
    title: 'Mail leaves by IPv6 without a name for the address.',
    meaning: 'Large receivers are stricter with IPv6 than with IPv4: without a PTR they take nothing.',
    actedOn: 'Gmail refuses it; others too.',
    ground: 'published rules of large receivers',
    fix: 'Have the PTR set, or leave IPv6 out of source.',
    others: null,
  },
  judge(view) {
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      if (egress.family !== 6) return [];
      const { name } = reverseName(egress.address);
      const fact = view.dns(name, 'PTR');
      if (fact.kind === 'records' || fact.kind === 'temperror') return [];
      return [
        {
          level: 'warning',
          subject: egressSubject(egress),
          message: `${egress.address} sends by IPv6 without a PTR; receivers are stricter there, and IPv4 alone would be better.`,
          evidence: [evidenceOf(view, name, 'PTR')],
          fix: `${name}. IN PTR ${egress.ehlo}.`,
          change: { [`${name} PTR`]: { kind: 'records', values: [egress.ehlo] } },
        },
      ];
    });
  },
};
