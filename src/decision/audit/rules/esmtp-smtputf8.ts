import { judgeOffer } from '../esmtp-extensions.ts';
import type { Rule } from '../rule.ts';

/** The server offers SMTPUTF8. */
export const esmtpSmtputf8: Rule = {
  id: 'ESMTP-SMTPUTF8',
  article: {
    title: 'The server does not offer SMTPUTF8.',
    meaning: 'Addresses with letters beyond ASCII cannot be used.',
    actedOn: 'Nobody; it is a convenience.',
    ground: 'RFC 6531',
    fix: 'Most servers offer it when they are told to; a firewall may take it out.',
    others: null,
  },
  judge: view => judgeOffer(view, 'SMTPUTF8', ({ smtpUtf8 }) => smtpUtf8),
};
