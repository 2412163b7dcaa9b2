import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import { offersOf } from '../esmtp-extensions.ts';
import type { Judgement, Rule } from '../rule.ts';

/** AUTH is not offered in clear text. */
export const smtpAuthClear: Rule = {
  id: 'SMTP-AUTH-CLEAR',
  article: {
    title: 'The server lets users tell their passwords in clear text.',
    meaning: 'AUTH is offered before TLS. Whoever listens on the way reads the passwords of your users.',
    actedOn: 'Attackers on the way.',
    ground: 'RFC 4954 section 4',
    fix: 'Offer AUTH only under TLS, and not on port 25 at all.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { ehlo, host } = conversation;
      if (ehlo === null || ehlo.code !== 250) return [];
      const mechanisms = offersOf(ehlo).auth.filter(name => name === 'PLAIN' || name === 'LOGIN');
      if (mechanisms.length === 0) return [];
      return [
        {
          level: 'error',
          subject: subjectOf(conversation),
          message: `${host} offers AUTH ${mechanisms.join(' and ')} in clear text: passwords can be read on the way.`,
          evidence: [saidEvidence(conversation, 'EHLO', ehlo)],
          fix: 'Let the server offer AUTH only after STARTTLS.',
        },
      ];
    });
  },
};
