import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';
import { dkimKeys } from './dkim-view.ts';

/** The selector that is used is not revoked. */
export const dkimRevoked: Rule = {
  id: 'DKIM-REVOKED',
  article: {
    title: 'The key of your signatures is revoked.',
    meaning: 'An empty key says that signatures of this selector are void.',
    actedOn: 'Receivers that ask DKIM.',
    ground: 'RFC 6376 section 3.6.1',
    fix: 'Sign with a selector whose key stands.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const subject = { kind: 'domain', name: domain } as const;
    return dkimKeys(view).flatMap(({ selector, name, tags }): Judgement[] => {
      if (tags === null) return [];
      const evidence = [evidenceOf(view, name, 'TXT')];
      if (tags.get('p') !== '') return [];
      return [
        {
          level: 'warning',
          subject,
          message: `The DKIM key ${selector} is revoked (p= is empty), so its signatures are void.`,
          evidence,
        },
      ];
    });
  },
};
