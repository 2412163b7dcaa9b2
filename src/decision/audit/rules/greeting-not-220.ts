import type { Judgement, Rule } from '../rule.ts';
import { saidEvidence, subjectOf } from './conversation-evidence.ts';

/** The greeting is a 220. */
export const greetingNot220: Rule = {
  id: 'GREETING-NOT-220',
  article: {
    title: 'The server refuses to talk.',
    meaning:
      'A greeting that is not 220 ends the session before any mail was offered. 421 and other 4xx make senders come again; 554 makes them go to the next server or give up.',
    actedOn: 'Every sender.',
    ground: 'RFC 5321 sections 3.1 and 4.3.2',
    fix: 'Look into the log of the server why it refuses; the text of the greeting often says it.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { greeting, address } = conversation;
      if (greeting === null) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, 'greeting', greeting)];
      if (greeting.code === 220)
        return [{ level: 'pass', subject, message: `${address} greets with 220.`, evidence }];
      if (greeting.code >= 400 && greeting.code < 500)
        return [
          {
            level: 'skip',
            subject,
            message: `${address} has no time for us (${greeting.code}), so it could not be judged; try again later.`,
            evidence,
            unanswered: true,
          },
        ];
      return [
        {
          level: 'error',
          subject,
          message: `${address} greets with ${greeting.code}, so senders are turned away.`,
          evidence,
        },
      ];
    });
  },
};
