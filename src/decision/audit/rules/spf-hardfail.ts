import { parseSpf } from '../../../protocol/spf/record.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfRecords } from '../spf-of.ts';
import { evidenceOf } from '../view.ts';

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
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, domain, 'TXT')];
    const records = spfRecords(view, domain);
    // Of several none counts, which is told.
    return (records.length === 1 ? records : []).flatMap((record): Judgement[] => {
      const parsed = parseSpf(record);
      if (!parsed.ok) return [];
      const { mechanisms, redirect } = parsed.value;
      if (
        !(redirect === null && mechanisms.some(({ name, qualifier }) => name === 'all' && qualifier === '-'))
      )
        return [];
      return [
        {
          level: 'info',
          subject,
          message: `SPF of ${domain} ends in -all: sound, and mail that others forward needs DKIM.`,
          evidence,
        },
      ];
    });
  },
};
