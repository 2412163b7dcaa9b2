import { parseSpf } from '../../../protocol/spf/record.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfRecords } from '../spf-of.ts';
import { evidenceOf } from '../view.ts';

/** The SPF record is well formed. */
export const spfSyntax: Rule = {
  id: 'SPF-SYNTAX',
  article: {
    title: 'The SPF record has a mistake.',
    meaning: 'One wrong term makes the whole record void for receivers: SPF is broken for all mail.',
    actedOn: 'Every receiver that asks SPF.',
    ground: 'RFC 7208 section 4.6',
    fix: 'Correct the term.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, domain, 'TXT')];
    return spfRecords(view, domain).map((record): Judgement => {
      const parsed = parseSpf(record);
      if (parsed.ok)
        return { level: 'pass', subject, message: `The SPF record of ${domain} is well formed.`, evidence };
      return {
        level: 'error',
        subject,
        message: `The SPF record of ${domain} has a mistake: ${parsed.error}.`,
        evidence,
        fix: 'Correct the term, or take it out.',
      };
    });
  },
};
