import type { Rule } from '../rule.ts';
import { spfRewritten } from '../spf-fix.ts';
import { allQualifier, judgeSpfTerms } from '../spf-terms.ts';

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
  judge: view =>
    judgeSpfTerms(view, record => {
      const all = allQualifier(record);
      if (record.redirect !== null || (all !== null && all !== '?')) return null;
      return {
        level: 'notice',
        message: `SPF of ${view.facts.domain} ends without a decision about all other senders.`,
        ...spfRewritten(view, terms => [...terms.filter(term => !/^\??all$/i.test(term)), '-all']),
      };
    }),
};
