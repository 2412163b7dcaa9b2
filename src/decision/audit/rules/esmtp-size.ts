import type { Judgement, Rule } from '../rule.ts';
import { subjectOf } from './conversation-evidence.ts';
import { extensionsOf } from './esmtp-extensions.ts';

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
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const offered = extensionsOf(conversation);
      if (offered === null) return [];
      const subject = subjectOf(conversation);
      const { host } = conversation;
      if (offered.sizeLimitBytes !== null)
        return [{ level: 'pass', subject, message: `${host} offers SIZE.` }];
      return [{ level: 'info', subject, message: `${host} does not offer SIZE.` }];
    });
  },
};
