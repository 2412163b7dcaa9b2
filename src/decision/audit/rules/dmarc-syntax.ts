import { parseTags } from '../../../protocol/message/tag-list.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The DMARC record is well formed. */
export const dmarcSyntax: Rule = {
  id: 'DMARC-SYNTAX',
  article: {
    title: 'The DMARC record has a mistake.',
    meaning: 'A record whose version is wrong is none at all; a policy that is none is read as p=none.',
    actedOn: 'Every receiver that asks DMARC.',
    ground: 'RFC 9989 section 4.7',
    fix: 'Correct the record.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const name = `_dmarc.${domain}`;
    return view.records(name, 'TXT').flatMap((text): Judgement[] => {
      const subject = { kind: 'domain', name: domain } as const;
      const evidence = [evidenceOf(view, name, 'TXT')];
      if (!/dmarc/i.test(text)) return [];
      if (!/^v\s*=\s*DMARC1\s*(;|$)/.test(text))
        return [
          {
            level: 'error',
            subject,
            message: `${name} has a text that was meant as a policy and is none: it must begin with v=DMARC1.`,
            evidence,
            fix: `${name}. IN TXT "v=DMARC1; p=none"`,
          },
        ];
      const p = parseTags(text).get('p')?.toLowerCase();
      if (p === 'none' || p === 'quarantine' || p === 'reject')
        return [
          { level: 'pass', subject, message: `The DMARC record of ${domain} is well formed.`, evidence },
        ];
      return [
        {
          level: 'warning',
          subject,
          message: `The DMARC record of ${domain} has no policy that is known (p=${p ?? ''}); it counts as p=none.`,
          evidence,
          fix: `${name}. IN TXT "v=DMARC1; p=none"`,
        },
      ];
    });
  },
};
