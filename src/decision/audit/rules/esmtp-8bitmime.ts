import { judgeOffer } from '../esmtp-extensions.ts';
import type { Rule } from '../rule.ts';

/** The server offers 8BITMIME. */
export const esmtp8bitmime: Rule = {
  id: 'ESMTP-8BITMIME',
  article: {
    title: 'The server does not offer 8BITMIME.',
    meaning: 'Senders must convert text beyond ASCII, or bounce it.',
    actedOn: 'Nobody; it is a convenience.',
    ground: 'RFC 6152',
    fix: 'Most servers offer it when they are told to; a firewall may take it out.',
    others: null,
  },
  judge: view => judgeOffer(view, '8BITMIME', ({ eightBitMime }) => eightBitMime),
};
