import { backupHosts, primaryRefusesUnknown } from '../backup-view.ts';
import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** A mail host refuses a mailbox that nobody has. */
export const smtpUnknownRcpt: Rule = {
  id: 'SMTP-UNKNOWN-RCPT',
  article: {
    title: 'The server takes mail for people who do not exist.',
    meaning:
      'What is taken and cannot be delivered must be bounced, and the sender of junk is forged: strangers get your bounces (backscatter), and your addresses get onto blocklists.',
    actedOn: 'Blocklists, and those who get the bounces.',
    ground: 'RFC 5321 section 6.2',
    fix: 'Let the server refuse unknown recipients: recipients: callout, or a list. For Exchange see the manual: its front end takes everything until told otherwise.',
    others: 'Some testing sites say nothing of it, though it is worse than much that they warn of.',
  },
  judge(view) {
    const backups = new Set(backupHosts(view));
    const refused = primaryRefusesUnknown(view);
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { unknownRecipient, host } = conversation;
      if (unknownRecipient === null) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, 'RCPT for a mailbox that nobody has', unknownRecipient)];
      // That a backup takes what the primary refuses is told of the backup.
      if (unknownRecipient.code < 300 && refused && backups.has(host)) return [];
      if (unknownRecipient.code < 300)
        return [
          {
            level: 'warning',
            subject,
            message: `${host} takes mail for a mailbox that nobody has: what cannot be delivered is bounced to forged senders.`,
            evidence,
            fix: 'recipients: callout   # in the domain of postern.yaml, or a list of those who exist',
          },
        ];
      if (unknownRecipient.code < 500)
        return [
          {
            level: 'skip',
            subject,
            message: `${host} put the question off (${unknownRecipient.code}).`,
            evidence,
          },
        ];
      return [{ level: 'pass', subject, message: `${host} refuses a mailbox that nobody has.`, evidence }];
    });
  },
};
