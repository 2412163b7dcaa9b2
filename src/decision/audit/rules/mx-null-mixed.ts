import type { Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** A null MX stands alone. */
export const mxNullMixed: Rule = {
  id: 'MX-NULL-MIXED',
  article: {
    title: 'The domain says both that it takes mail and that it takes none.',
    meaning:
      'A null MX beside others contradicts them. What a sender makes of it is its own affair: some try the other hosts, some give up.',
    actedOn: 'Senders, each in its own way.',
    ground: 'RFC 7505 section 3',
    fix: 'Take the null MX away, or the others.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const others = view.mx.filter(({ exchange }) => exchange !== '');
    if (others.length === 0 || others.length === view.mx.length) return [];
    return [
      {
        level: 'error',
        subject: { kind: 'domain', name: domain },
        message: `${domain} has a null MX beside ${others.length === 1 ? 'another' : 'others'}, so some senders give up at once.`,
        evidence: [evidenceOf(view, domain, 'MX')],
        fix: `Take the record "${domain}. IN MX 0 ." away.`,
        change: {
          [`${domain} MX`]: {
            kind: 'records',
            values: others.map(({ preference, exchange }) => `${preference} ${exchange}.`),
          },
        },
      },
    ];
  },
};
