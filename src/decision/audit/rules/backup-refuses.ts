import { elsewhereHosts } from '../backup-view.ts';
import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** A backup takes mail for the domain. */
export const backupRefuses: Rule = {
  id: 'BACKUP-REFUSES',
  article: {
    title: 'The backup refuses the mail that it is there for.',
    meaning:
      'When the primary is away senders come to the backup, and it tells them for good that it does not know the domain: mail bounces that would have waited.',
    actedOn: 'Every sender, when the primary is away.',
    ground: 'RFC 5321 sections 3.6 and 5.1',
    fix: 'Enter the domain in the backup: role: backup.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return elsewhereHosts(view).flatMap(host =>
      view.conversationsWith(host).flatMap((conversation): Judgement[] => {
        const { postmaster } = conversation;
        if (postmaster === null) return [];
        const subject = subjectOf(conversation);
        const evidence = [saidEvidence(conversation, `RCPT TO:<postmaster@${domain}>`, postmaster)];
        if (postmaster.code < 300)
          return [
            { level: 'pass', subject, message: `The backup ${host} takes mail for ${domain}.`, evidence },
          ];
        if (postmaster.code < 500)
          return [
            {
              level: 'skip',
              subject,
              message: `The backup ${host} put us off (${postmaster.code}).`,
              evidence,
            },
          ];
        return [
          {
            level: 'error',
            subject,
            message: `The backup ${host} refuses mail for ${domain}: it bounces when the primary is away.`,
            evidence,
            fix: `domains: [{ name: ${domain}, role: backup }]   # in the configuration of ${host}`,
          },
        ];
      }),
    );
  },
};
