import { parseSpf } from '../../../protocol/spf/record.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfRecords } from '../spf-of.ts';
import { evidenceOf } from '../view.ts';
import { spfRewritten } from './spf-fix.ts';

/** The record does not allow everybody. */
export const spfPassAll: Rule = {
  id: 'SPF-PASS-ALL',
  article: {
    title: 'SPF allows the whole world to send in your name.',
    meaning: 'A term +all passes every sender, forgers too. Some receivers hold that against the domain.',
    actedOn: 'Forgers, and receivers that count it against you.',
    ground: 'RFC 7208 section 5.1',
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
        !(
          redirect !== undefined &&
          mechanisms.some(({ name, qualifier }) => name === 'all' && qualifier === '+')
        )
      )
        return [];
      return [
        {
          level: 'error',
          subject,
          message: `SPF of ${domain} passes everybody (+all).`,
          evidence,
          ...spfRewritten(view, terms => [...terms.filter(term => !/^\+?all$/i.test(term)), '-all']),
        },
      ];
    });
  },
};
