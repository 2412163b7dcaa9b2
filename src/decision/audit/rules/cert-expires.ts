import { dateText } from '../../../protocol/message/rfc3339.ts';
import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';
import { securedConversations } from '../tls-view.ts';

/** The certificate of a mail host is not in the last fifth of its life. */
export const certExpires: Rule = {
  id: 'CERT-EXPIRES',
  article: {
    title: 'The certificate ends soon.',
    meaning:
      'Certificates are renewed after about two thirds of their life; one in its last fifth was forgotten, or its renewal fails.',
    actedOn: 'Nobody yet.',
    ground: 'RFC 5280 section 4.1.2.5',
    fix: 'Look why the renewal has not happened.',
    others: null,
  },
  judge(view) {
    const { startedAt } = view.facts;
    return securedConversations(view).flatMap(
      ({ conversation, certificate: { from, until } }): Judgement[] => {
        const isValid = from <= startedAt && startedAt < until;
        if (!isValid || until - startedAt >= (until - from) / 5) return [];
        const days = Math.floor((until - startedAt) / 86_400_000);
        return [
          {
            level: 'notice',
            subject: subjectOf(conversation),
            message: `The certificate of ${conversation.host} ends on ${dateText(until)}, in ${days} days: it is in the last fifth of its life.`,
            evidence: [
              {
                asked: `${conversation.address}: certificate`,
                answer: `from ${dateText(from)} until ${dateText(until)}`,
              },
            ],
            fix: `Renew the certificate of ${conversation.host}.`,
          },
        ];
      },
    );
  },
};
