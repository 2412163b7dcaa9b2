import type { Rule } from '../rule.ts';
import { spfRewritten } from '../spf-fix.ts';
import { judgeSpfTerms } from '../spf-terms.ts';

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
  judge: view =>
    judgeSpfTerms(view, ({ mechanisms }) => {
      if (!mechanisms.some(({ name }) => name === 'ptr')) return null;
      return {
        level: 'warning',
        message: `SPF of ${view.facts.domain} uses ptr, which the standard advises against.`,
        ...spfRewritten(view, terms => terms.filter(term => !/^[-+~?]?ptr(:|$)/i.test(term))),
      };
    }),
};
