import { parseSpf } from '../../../protocol/spf/record.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfRecords } from '../spf-of.ts';
import { evidenceOf } from '../view.ts';
import { spfRewritten } from './spf-fix.ts';

/** The record does without ptr. */
export const spfPtr: Rule = {
  id: 'SPF-PTR',
  article: {
    title: 'SPF asks for names of addresses, which it should not.',
    meaning:
      'The term ptr is slow, burdens the servers of the reverse tree, and some receivers pass it over.',
    actedOn: 'Some receivers.',
    ground: 'RFC 7208 section 5.5',
    fix: 'Write the addresses (ip4, ip6) in its place.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, domain, 'TXT')];
    return spfRecords(view, domain).flatMap((record): Judgement[] => {
      const parsed = parseSpf(record);
      if (!parsed.ok) return [];
      const { mechanisms, redirect } = parsed.value;
      if (!(redirect !== undefined && mechanisms.some(({ name }) => name === 'ptr'))) return [];
      return [
        {
          level: 'warning',
          subject,
          message: `SPF of ${domain} uses ptr, which the standard advises against.`,
          evidence,
          ...spfRewritten(view, terms => terms.filter(term => !/^[-+~?]?ptr(:|$)/i.test(term))),
        },
      ];
    });
  },
};
