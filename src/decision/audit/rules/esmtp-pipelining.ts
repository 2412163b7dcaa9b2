import { judgeOffer } from '../esmtp-extensions.ts';
import type { Rule } from '../rule.ts';

/** The server offers PIPELINING. */
export const esmtpPipelining: Rule = {
  id: 'ESMTP-PIPELINING',
  article: {
    title: 'The server does not offer PIPELINING.',
    meaning: 'Each command waits for its reply, so mail takes longer over long distances.',
    actedOn: 'Nobody; it is a convenience.',
    ground: 'RFC 2920',
    fix: 'Most servers offer it when they are told to; a firewall may take it out.',
    others: null,
  },
  judge: view => judgeOffer(view, 'PIPELINING', ({ pipelining }) => pipelining),
};
