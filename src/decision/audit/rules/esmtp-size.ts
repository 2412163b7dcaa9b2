import { judgeOffer } from '../esmtp-extensions.ts';
import type { Rule } from '../rule.ts';

/** The server offers SIZE. */
export const esmtpSize: Rule = {
  id: 'ESMTP-SIZE',
  article: {
    title: 'The server does not offer SIZE.',
    meaning:
      'Senders cannot know the largest message that the server takes, and send too large ones in vain.',
    actedOn: 'Nobody; it is a convenience.',
    ground: 'RFC 1870',
    fix: 'Most servers offer it when they are told to; a firewall may take it out.',
    others: null,
  },
  judge: view => judgeOffer(view, 'SIZE', ({ sizeLimitBytes }) => sizeLimitBytes !== null),
};
