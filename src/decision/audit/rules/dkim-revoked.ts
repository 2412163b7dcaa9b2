import { judgeDkimKeys } from '../dkim-view.ts';
import type { Rule } from '../rule.ts';

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
    return judgeDkimKeys(view, ({ selector, tags }) =>
      tags.get('p') === ''
        ? {
            level: 'warning',
            message: `The DKIM key ${selector} is revoked (p= is empty), so its signatures are void.`,
          }
        : null,
    );
  },
};
