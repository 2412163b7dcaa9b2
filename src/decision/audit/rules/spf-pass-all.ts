import type { Rule } from '../rule.ts';
import { spfRewritten } from '../spf-fix.ts';
import { allQualifier, judgeSpfTerms } from '../spf-terms.ts';

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
  judge: view =>
    judgeSpfTerms(view, record => {
      if (allQualifier(record) !== '+') return null;
      return {
        level: 'error',
        message: `SPF of ${view.facts.domain} passes everybody (+all).`,
        ...spfRewritten(view, terms => [...terms.filter(term => !/^\+?all$/i.test(term)), '-all']),
      };
    }),
};
