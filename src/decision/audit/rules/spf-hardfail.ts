import type { Rule } from '../rule.ts';
import { spfRecords } from '../spf-of.ts';
import { allQualifier, judgeSpfTerms } from '../spf-terms.ts';

/** The record ends in -all, explained. */
export const spfHardfail: Rule = {
  id: 'SPF-HARDFAIL',
  article: {
    title: 'SPF refuses everybody else. That is sound, and forwarders stumble over it.',
    meaning:
      "Mail that somebody forwards comes from the forwarder's address, which is not yours. Most receivers look at DKIM then; those that look at SPF alone refuse it.",
    actedOn: 'Receivers that refuse by SPF alone; they are few.',
    ground: 'RFC 7208 section 8.4',
    fix: 'Nothing needs to be done; sign your mail with DKIM.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    // Of several none counts, which is told.
    if (spfRecords(view, domain).length > 1) return [];
    return judgeSpfTerms(view, record => {
      if (record.redirect !== null || allQualifier(record) !== '-') return null;
      return {
        level: 'info',
        message: `SPF of ${domain} ends in -all: sound, and mail that others forward needs DKIM.`,
      };
    });
  },
};
