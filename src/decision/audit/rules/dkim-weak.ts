import { judgeDkimKeys, rsaBits } from '../dkim-view.ts';
import type { Rule } from '../rule.ts';

/** DKIM keys are long enough. */
export const dkimWeak: Rule = {
  id: 'DKIM-WEAK',
  article: {
    title: 'The key of your signatures is too short.',
    meaning: 'Keys under 1024 bits can be broken, and are passed over; under 2048 they are weak.',
    actedOn: 'Receivers pass signatures with short keys over.',
    ground: 'RFC 8301 section 3.2',
    fix: 'Make a new key of 2048 bits under a new selector.',
    others: null,
  },
  judge(view) {
    return judgeDkimKeys(view, ({ selector, tags }) => {
      const bits = rsaBits(tags);
      if (bits === null || bits >= 2048 || tags.get('p') === '') return null;
      return {
        level: bits < 1024 ? 'error' : 'warning',
        message: `The DKIM key ${selector} has about ${bits} bits; 2048 are asked for.`,
        fix: 'Make a new key of 2048 bits under a new selector, and let the old one stand for a week.',
      };
    });
  },
};
