import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The limits that the server tells are those of the standard, or wider. */
export const smtpLimits: Rule = {
  id: 'SMTP-LIMITS',
  article: {
    title: 'The server takes fewer recipients or commands than the standard asks for.',
    meaning:
      'A sender may put 100 recipients into one message. A server that takes fewer makes it send again and again.',
    actedOn: 'Senders of mail for many.',
    ground: 'RFC 5321 section 4.5.3.1',
    fix: 'Raise the limit to 100 recipients or more.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const said = conversation.ehloAfterTls ?? conversation.ehlo;
      const told = said?.lines.find(line => /^LIMITS\b/i.test(line));
      const most = Number(/RCPTMAX=(\d+)/i.exec(told ?? '')?.[1] ?? 100);
      if (said === null || most >= 100) return [];
      return [
        {
          level: 'warning',
          subject: subjectOf(conversation),
          message: `${conversation.host} takes ${most} recipients of a message at most; the standard asks for 100.`,
          evidence: [saidEvidence(conversation, 'EHLO', said)],
          fix: 'limits: { recipients: 1000 }',
        },
      ];
    });
  },
};
