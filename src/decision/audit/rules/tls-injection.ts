import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** What was said in clear before the handshake is not executed after it. */
export const tlsInjection: Rule = {
  id: 'TLS-INJECTION',
  article: {
    title: 'The server executes commands that were smuggled in before encryption.',
    meaning:
      'An attacker on the way can put commands of his own in front of the protected session, and take over what follows.',
    actedOn: 'Attackers on the way.',
    ground: 'RFC 3207 section 4.2',
    fix: 'Update the server: it must forget what it read before the handshake.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { tls, host } = conversation;
      if (tls?.kind !== 'done' || !tls.injected) return [];
      return [
        {
          level: 'error',
          subject: subjectOf(conversation),
          message: `${host} answered, under TLS, a command that was sent in clear before the handshake.`,
        },
      ];
    });
  },
};
