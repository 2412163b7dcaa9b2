import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** Address literals are taken, or it is explained. */
export const smtpLiteral: Rule = {
  id: 'SMTP-LITERAL',
  article: {
    title: 'The server takes no mail for user@[address].',
    meaning:
      'The standard has a way to write to a server by its address. Hardly anybody uses it, and many servers switch it off.',
    actedOn: 'Nobody.',
    ground: 'RFC 5321 section 4.1.3',
    fix: 'Nothing needs to be done.',
    others: 'Some testing sites warn of it.',
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { literal, address, host } = conversation;
      if (literal === null) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, `RCPT TO:<postmaster@[${address}]>`, literal)];
      if (literal.code < 300)
        return [{ level: 'pass', subject, message: `${host} takes mail for an address literal.`, evidence }];
      return [
        {
          level: 'info',
          subject,
          message: `${host} takes no mail for an address literal, which hardly anybody writes.`,
          evidence,
        },
      ];
    });
  },
};
