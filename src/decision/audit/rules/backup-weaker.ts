import { elsewhereHosts, isWeakerBackup } from '../backup-view.ts';
import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** A backup speaks TLS as the primary does. */
export const backupWeaker: Rule = {
  id: 'BACKUP-WEAKER',
  article: {
    title: 'The backup is less protected than the primary.',
    meaning:
      'Attackers choose the weakest server. A backup without TLS, or with a worse certificate, takes the protection of the primary away.',
    actedOn: 'Attackers on the way; spammers call backups first.',
    ground: 'RFC 7672 section 2.2',
    fix: 'Give the backup TLS and the same checks.',
    others: null,
  },
  judge(view) {
    const secured = view.facts.conversations.some(
      ({ host, tls }) => tls?.kind === 'done' && !elsewhereHosts(view).includes(host),
    );
    if (!secured) return [];
    return elsewhereHosts(view).flatMap(host =>
      view.conversationsWith(host).flatMap((conversation): Judgement[] => {
        const subject = subjectOf(conversation);
        if (conversation.tls?.kind === 'done')
          return [{ level: 'pass', subject, message: `The backup ${host} speaks TLS as the primary does.` }];
        if (!isWeakerBackup(view, conversation)) return [];
        return [
          {
            level: 'warning',
            subject,
            message: `The backup ${host} speaks no TLS, while the primary does.`,
            fix: 'tls: { cert, key }   # at the listener of the backup',
          },
        ];
      }),
    );
  },
};
