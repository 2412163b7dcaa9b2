import { judgeDkimKeys } from '../dkim-view.ts';
import type { Rule } from '../rule.ts';

/** The key that is used is not marked as a test. */
export const dkimTest: Rule = {
  id: 'DKIM-TEST',
  article: {
    title: 'The key is marked as a test.',
    meaning: 'With t=y receivers treat signed mail as unsigned.',
    actedOn: 'Receivers that ask DKIM.',
    ground: 'RFC 6376 section 3.6.1',
    fix: 'Take t=y out when the test is over.',
    others: null,
  },
  judge(view) {
    return judgeDkimKeys(view, ({ selector, tags }) =>
      (tags.get('t') ?? '').toLowerCase().split(':').includes('y')
        ? { level: 'notice', message: `The DKIM key ${selector} is marked as a test (t=y).` }
        : null,
    );
  },
};
