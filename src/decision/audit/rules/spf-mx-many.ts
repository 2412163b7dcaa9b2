import type { Rule } from '../rule.ts';
import { judgeSpfTerms } from '../spf-terms.ts';
import { evidenceOf } from '../view.ts';

/** An mx term leads to ten names at most. */
export const spfMxMany: Rule = {
  id: 'SPF-MX-MANY',
  article: {
    title: 'SPF names more mail servers than it may.',
    meaning: 'A receiver looks up ten names of an mx term at most; with more SPF is broken.',
    actedOn: 'Every receiver that asks SPF.',
    ground: 'RFC 7208 section 4.6.4',
    fix: 'Write the addresses (ip4, ip6) in the place of mx.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return judgeSpfTerms(view, ({ mechanisms }) => {
      const names = mechanisms.flatMap(({ name, target }) => (name === 'mx' ? [target ?? domain] : []));
      const many = names.find(name => view.records(name, 'MX').length > 10);
      if (many === undefined) return null;
      return {
        level: 'error',
        message: `SPF of ${domain} names the MX set of ${many}, which has more than 10 names.`,
        evidence: [evidenceOf(view, domain, 'TXT'), evidenceOf(view, many, 'MX')],
      };
    });
  },
};
