import { conversationEvidence, saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The greeting comes without delay. */
export const greetingSlow: Rule = {
  id: 'GREETING-SLOW',
  article: {
    title: 'The server lets callers wait before it greets.',
    meaning:
      'A short pause keeps out impatient senders of junk. A long one makes honest senders give up, and slows all mail down.',
    actedOn: 'Senders that give up after 30 or 60 s; the standard asks for 5 minutes.',
    ground: 'RFC 5321 section 4.5.3.2.1',
    fix: 'Look for a slow look-up (blocklists, reverse DNS) before the greeting.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { greeting, address } = conversation;
      const subject = subjectOf(conversation);
      const silentS = Number(
        /(?:said nothing for|did not end its reply in) (\d+) s/.exec(conversation.stopped ?? '')?.[1] ?? 0,
      );
      if (greeting === null && silentS * 1000 >= verySlowMs)
        return [
          {
            level: 'warning',
            subject,
            message: `${address} did not greet for ${silentS} s; some senders do not wait so long.`,
            evidence: [conversationEvidence(conversation)],
            fix: lookInLog,
          },
        ];
      if (greeting === null) return [];
      const seconds = Math.round(greeting.elapsedMs / 1000);
      const evidence = [
        { ...saidEvidence(conversation, 'greeting', greeting), answer: `after ${greeting.elapsedMs} ms` },
      ];
      if (greeting.elapsedMs < slowMs)
        return [{ level: 'pass', subject, message: `${address} greets at once.`, evidence }];
      return [
        {
          level: greeting.elapsedMs > verySlowMs ? 'warning' : 'notice',
          subject,
          message: `${address} greets after ${seconds} s; some senders do not wait so long.`,
          evidence,
          fix: lookInLog,
        },
      ];
    });
  },
};

const lookInLog = 'Look in the log of the server what it waits for before it greets.';
const slowMs = 5_000;
const verySlowMs = 20_000;
