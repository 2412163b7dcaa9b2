import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** Clear text is taken on port 25. */
export const starttlsForced: Rule = {
  id: 'STARTTLS-FORCED',
  article: {
    title: 'The server takes mail under TLS only.',
    meaning:
      'Senders that cannot speak TLS are turned away. A public mail server must not demand it on port 25; policies (MTA-STS, DANE) are the way.',
    actedOn: 'Senders without TLS, and old devices.',
    ground: 'RFC 3207 section 4',
    fix: 'Take clear text on port 25, and demand TLS by DANE or MTA-STS.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { nullSender, tls, host } = conversation;
      if (tls?.kind === 'done' || nullSender === null || nullSender.code !== 530) return [];
      return [
        {
          level: 'notice',
          subject: subjectOf(conversation),
          message: `${host} takes mail under TLS only, so senders without it are turned away.`,
          evidence: [saidEvidence(conversation, 'MAIL FROM:<>', nullSender)],
        },
      ];
    });
  },
};
