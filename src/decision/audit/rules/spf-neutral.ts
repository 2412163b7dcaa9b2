import { parseSpf } from '../../../protocol/spf/record.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfRecords } from '../spf-of.ts';
import { evidenceOf } from '../view.ts';
import { spfRewritten } from './spf-fix.ts';

/** The record ends in a decision. */
export const spfNeutral: Rule = {
  id: 'SPF-NEUTRAL',
  article: {
    title: 'SPF does not say what becomes of all others.',
    meaning: 'A record that ends in ?all, or in nothing, leaves forgers alone.',
    actedOn: 'Nobody.',
    ground: 'RFC 7208 section 4.7',
    fix: 'End the record in -all or ~all.',
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
      if (
        !(redirect === null && !mechanisms.some(({ name, qualifier }) => name === 'all' && qualifier !== '?'))
      )
        return [];
      return [
        {
          level: 'notice',
          subject,
          message: `SPF of ${domain} ends without a decision about all other senders.`,
          evidence,
          ...spfRewritten(view, terms => [...terms.filter(term => !/^\??all$/i.test(term)), '-all']),
        },
      ];
    });
  },
};
