import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** Grouped commands are answered in order. */
export const smtpPipeliningBroken: Rule = {
  id: 'SMTP-PIPELINING-BROKEN',
  article: {
    title: 'The server offers a fast way to talk, and fails at it.',
    meaning:
      'Commands that come together are answered wrongly or not at all. Senders that use the offer hang.',
    actedOn: 'Nearly every sender: they all use the offer.',
    ground: 'RFC 2920 section 3',
    fix: 'Switch the offer off, or mend the firewall that breaks it.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { pipelining, host } = conversation;
      if (pipelining === null) return [];
      const subject = subjectOf(conversation);
      const evidence = [
        {
          asked: `${conversation.address}: ${pipelining.asked} commands together`,
          answer: `${pipelining.answered} replies`,
        },
      ];
      if (pipelining.answered >= pipelining.asked)
        return [{ level: 'pass', subject, message: `${host} answers grouped commands in order.`, evidence }];
      return [
        {
          level: 'error',
          subject,
          message: `${host} offers PIPELINING, but answers ${pipelining.answered} of ${pipelining.asked} grouped commands, and all of them one by one.`,
          evidence,
          fix: 'Take PIPELINING out of what the server offers, or mend what breaks it.',
        },
      ];
    });
  },
};
