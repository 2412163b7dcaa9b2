import type { Judgement, Rule } from '../rule.ts';
import { subjectOf } from './conversation-evidence.ts';
import { extensionsOf } from './esmtp-extensions.ts';

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
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const offered = extensionsOf(conversation);
      if (offered === null) return [];
      const subject = subjectOf(conversation);
      const { host } = conversation;
      if (offered.smtpUtf8) return [{ level: 'pass', subject, message: `${host} offers SMTPUTF8.` }];
      return [{ level: 'info', subject, message: `${host} does not offer SMTPUTF8.` }];
    });
  },
};
