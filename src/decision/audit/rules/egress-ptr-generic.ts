import { reverseName } from '../../records/reverse-name.ts';
import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The PTR does not look like one of a pool. */
export const egressPtrGeneric: Rule = {
  id: 'EGRESS-PTR-GENERIC',
  article: {
    title: 'The name of the address looks like that of a home connection.',
    meaning:
      'Names that are made of the address (dsl-198-51-100-30.isp.example) are those of customers who do not run mail servers.',
    actedOn: 'Several large receivers refuse or distrust such names.',
    ground: 'published rules of large receivers',
    fix: 'Ask the provider to set the PTR to your EHLO name.',
    others: null,
  },
  judge(view) {
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      const { name } = reverseName(egress.address);
      const generic = view.records(name, 'PTR').filter(each => isGeneric(each, egress.address));
      if (generic.length === 0 || generic.includes(egress.ehlo)) return [];
      return [
        {
          level: 'warning',
          subject: egressSubject(egress),
          message: `The PTR of ${egress.address}, ${generic.join(', ')}, looks like that of a home connection.`,
          evidence: [evidenceOf(view, name, 'PTR')],
          fix: `${name}. IN PTR ${egress.ehlo}.`,
          change: { [`${name} PTR`]: { kind: 'records', values: [egress.ehlo] } },
        },
      ];
    });
  },
};

/** It holds most of the numbers of the address, or a word that providers use for customers. */
export function isGeneric(name: string, address: string): boolean {
  if (
    /(^|[.-])(dynamic|dyn|dhcp|pool|dsl|adsl|cable|ppp|dialup|broadband|customer|static-ip)([.-]|\d|$)/i.test(
      name,
    )
  )
    return true;
  const parts = address.includes(':') ? [] : address.split('.');
  const numbers = new Set(name.split(/[^0-9]+/));
  return parts.length === 4 && parts.filter(part => numbers.has(part)).length >= 3;
}
