import type { Judgement, Rule } from '../rule.ts';
import { subjectOf } from './conversation-evidence.ts';
import { extensionsOf } from './esmtp-extensions.ts';

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
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const offered = extensionsOf(conversation);
      if (offered === null) return [];
      const subject = subjectOf(conversation);
      const { host } = conversation;
      if (offered.pipelining) return [{ level: 'pass', subject, message: `${host} offers PIPELINING.` }];
      return [{ level: 'info', subject, message: `${host} does not offer PIPELINING.` }];
    });
  },
};
