import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The TLS that is offered works. */
export const tlsBroken: Rule = {
  id: 'TLS-BROKEN',
  article: {
    title: 'The server offers TLS, and it fails.',
    meaning:
      'A sender that asks for TLS gets an error in the place of it. Most come again in clear text, some after a long time, some never.',
    actedOn: 'Senders, each in its own way.',
    ground: 'RFC 3207 section 4.1',
    fix: 'Look into the log of the server; most often certificate and key do not fit, or only old protocols are allowed.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { tls, host } = conversation;
      if (tls === null) return [];
      const subject = subjectOf(conversation);
      switch (tls.kind) {
        case 'done':
          return [{ level: 'pass', subject, message: `${host} speaks ${tls.protocol} (${tls.cipher}).` }];
        case 'refused':
          return [
            {
              level: 'error',
              subject,
              message: `${host} offers STARTTLS and then refuses it.`,
              evidence: [saidEvidence(conversation, 'STARTTLS', tls.said)],
            },
          ];
        case 'failed':
          return [
            {
              level: 'error',
              subject,
              message: `${host} offers STARTTLS, but the handshake fails: ${tls.reason}`,
              evidence: [{ asked: `${conversation.address}: TLS handshake`, answer: tls.reason }],
            },
          ];
        default:
          return tls satisfies never;
      }
    });
  },
};
