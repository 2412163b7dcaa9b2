import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The greeting tells no software, or it is explained. */
export const greetingSoftware: Rule = {
  id: 'GREETING-SOFTWARE',
  article: {
    title: 'The server tells its software in the greeting. That is allowed.',
    meaning:
      'Name and version help those who look for a weakness of just that version. Hiding them is a matter of taste.',
    actedOn: 'Nobody.',
    ground: 'RFC 5321 sections 3.1 and 7.5',
    fix: 'Nothing needs to be done; most servers can leave it out.',
    others: 'Some testing sites call it a risk.',
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { greeting, address } = conversation;
      // The first word is the name of the host.
      const text = greeting?.lines.join(' ').replace(/^\S*/, '') ?? '';
      if (
        greeting === null ||
        !/postfix|exim|sendmail|microsoft|exchange|opensmtpd|haraka|\d+\.\d+\.\d+/i.test(text)
      )
        return [];
      return [
        {
          level: 'info',
          subject: subjectOf(conversation),
          message: `${address} tells its software in the greeting, which is allowed and may be hidden.`,
          evidence: [saidEvidence(conversation, 'greeting', greeting)],
        },
      ];
    });
  },
};
