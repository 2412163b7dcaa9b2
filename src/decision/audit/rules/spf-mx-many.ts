import { parseSpf } from '../../../protocol/spf/record.ts';
import type { Judgement, Rule } from '../rule.ts';
import { spfRecords } from '../spf-of.ts';
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
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, domain, 'TXT')];
    return spfRecords(view, domain).flatMap((record): Judgement[] => {
      const parsed = parseSpf(record);
      const names = parsed.ok
        ? parsed.value.mechanisms.flatMap(({ name, target }) => (name === 'mx' ? [target ?? domain] : []))
        : [];
      const many = names.find(name => view.records(name, 'MX').length > 10);
      if (many === undefined) return [];
      return [
        {
          level: 'error',
          subject,
          message: `SPF of ${domain} names the MX set of ${many}, which has more than 10 names.`,
          evidence: [...evidence, evidenceOf(view, many, 'MX')],
        },
      ];
    });
  },
};
