import { conversationEvidence, isSilence, saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { ConversationFact } from '../facts.ts';
import type { Judgement, Rule } from '../rule.ts';
import { greetsUsAway } from './host-prober.ts';

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
      const subject = subjectOf(conversation);
      if (greeting === null) return withoutGreeting(conversation);
      const evidence = [saidEvidence(conversation, 'greeting', greeting)];
      if (greeting.code === 220)
        return [{ level: 'pass', subject, message: `${address} greets with 220.`, evidence }];
      if (greetsUsAway(greeting))
        return [
          {
            level: 'skip',
            subject,
            message: `${address} turns this host away (${greeting.code}), so it could not be judged from here.`,
            evidence,
            unanswered: true,
          },
        ];
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

/** It took the call, and then said nothing, hung up, or spoke something else than SMTP. */
function withoutGreeting(conversation: ConversationFact): Judgement[] {
  const { connectMs, stopped, address } = conversation;
  if (connectMs === null || stopped === null) return [];
  const subject = subjectOf(conversation);
  const evidence = [conversationEvidence(conversation)];
  // Senders wait for minutes (RFC 5321 section 4.5.3.2.1); this check does not.
  if (isSilence(stopped))
    return [
      {
        level: 'skip',
        subject,
        message: `${address} takes calls, but did not greet in the time of this check, so it could not be judged.`,
        evidence,
        unanswered: true,
      },
    ];
  return [
    {
      level: 'error',
      subject,
      message: `${address} takes calls, but does not greet as a mail server: ${stopped}`,
      evidence,
      fix: `See what answers on port ${conversation.port} of ${address}, and let the mail server do it.`,
    },
  ];
}
