import { backupHosts, primaryRefusesUnknown } from '../backup-view.ts';
import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** A backup refuses recipients that the primary refuses. */
export const backupAcceptsAll: Rule = {
  id: 'BACKUP-ACCEPTS-ALL',
  article: {
    title: 'The backup takes mail for people who do not exist.',
    meaning:
      'The primary refuses it later, and the backup must then tell the sender, who was most often forged: that is backscatter, and it puts the backup on blocklists. Spammers call backups first for this reason.',
    actedOn: 'Blocklists, and those who get the bounces.',
    ground: 'RFC 5321 section 6.2',
    fix: 'Let the backup know the recipients: recipients: callout, or a list.',
    others: null,
  },
  judge(view) {
    const backups = new Set(backupHosts(view));
    if (!primaryRefusesUnknown(view)) return [];
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { host, unknownRecipient } = conversation;
      if (!backups.has(host) || unknownRecipient === null) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, 'RCPT for a mailbox that nobody has', unknownRecipient)];
      if (unknownRecipient.code >= 300)
        return [
          { level: 'pass', subject, message: `${host} takes mail for existing recipients only.`, evidence },
        ];
      return [
        {
          level: 'warning',
          subject,
          message: `${host} takes mail for recipients that the primary refuses, and then has to bounce it to forged senders.`,
          evidence,
          fix: 'In the configuration of the backup, in this domain: recipients: callout',
        },
      ];
    });
  },
};
