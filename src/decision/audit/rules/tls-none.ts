import { parseExtensions } from '../../../protocol/smtp/extensions.ts';
import { isWeakerBackup } from '../backup-view.ts';
import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** A mail host offers TLS. */
export const tlsNone: Rule = {
  id: 'TLS-NONE',
  article: {
    title: 'The server takes mail in clear text only.',
    meaning:
      'Without STARTTLS everybody on the way can read and change mail. Senders deliver all the same, unless their policy forbids it.',
    actedOn: 'A few senders refuse to deliver; Gmail marks mail from such a server with an open padlock.',
    ground: 'RFC 3207 section 2; published rules of large receivers',
    fix: 'Give the listener a certificate: tls: { cert, key }.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { ehlo, tls, host } = conversation;
      // Without EHLO nobody can offer anything; that is told.
      if (ehlo === null || ehlo.code >= 300) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, 'EHLO', ehlo)];
      const { code, status, lines } = ehlo;
      if (tls !== null || parseExtensions({ code, enhancedStatus: status, lines }).startTls)
        return [{ level: 'pass', subject, message: `${host} offers STARTTLS.`, evidence }];
      if (isWeakerBackup(view, conversation)) return [];
      return [
        {
          level: 'warning',
          subject,
          message: `${host} offers no TLS, so mail to it crosses the Internet in clear text.`,
          evidence,
          fix: 'tls: { cert: /etc/postern/mail.pem, key: /etc/postern/mail.key }   # at the listener in postern.yaml',
        },
      ];
    });
  },
};
