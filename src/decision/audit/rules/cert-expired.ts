import { dateText } from '../../../protocol/message/rfc3339.ts';
import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';
import { isPolicyEnforced, securedConversations } from '../tls-view.ts';

/** The certificate of a mail host is valid today. */
export const certExpired: Rule = {
  id: 'CERT-EXPIRED',
  article: {
    title: 'The certificate has expired.',
    meaning:
      'Who validates refuses it. Few do without an enforced MTA-STS policy; DANE with a key (3 1 1) does not look at the date.',
    actedOn: 'Senders under an enforced MTA-STS policy.',
    ground: 'RFC 5280 section 4.1.2.5',
    fix: 'Renew the certificate; Postern takes the new files without a restart.',
    others: null,
  },
  judge(view) {
    const { startedAt } = view.facts;
    return securedConversations(view).map(({ conversation, certificate }): Judgement => {
      const { host } = conversation;
      const subject = subjectOf(conversation);
      const until = dateText(certificate.until);
      const evidence = [
        {
          asked: `${conversation.address}: certificate`,
          answer: `from ${dateText(certificate.from)} until ${until}`,
        },
      ];
      if (certificate.from <= startedAt && startedAt < certificate.until)
        return {
          level: 'pass',
          subject,
          message: `The certificate of ${host} is valid until ${until}.`,
          evidence,
        };
      return {
        level: isPolicyEnforced(view) ? 'error' : 'warning',
        subject,
        message:
          startedAt < certificate.from
            ? `The certificate of ${host} is not valid before ${dateText(certificate.from)}; is a clock wrong?`
            : `The certificate of ${host} has expired on ${until}.`,
        evidence,
        fix: `Renew the certificate of ${host}.`,
      };
    });
  },
};
