import type { Judgement, Rule } from '../rule.ts';
import { subjectOf } from './conversation-evidence.ts';
import { extensionsOf } from './esmtp-extensions.ts';

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
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const offered = extensionsOf(conversation);
      if (offered === null) return [];
      const subject = subjectOf(conversation);
      const { host } = conversation;
      if (offered.eightBitMime) return [{ level: 'pass', subject, message: `${host} offers 8BITMIME.` }];
      return [{ level: 'info', subject, message: `${host} does not offer 8BITMIME.` }];
    });
  },
};
