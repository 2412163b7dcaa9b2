import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';
import { isPolicyEnforced, securedConversations } from '../tls-view.ts';

/** The certificate of a mail host leads to an authority that is known. */
export const certChain: Rule = {
  id: 'CERT-CHAIN',
  article: {
    title: 'The certificate leads to no authority that is known.',
    meaning:
      'Either the server leaves out a certificate between its own and the authority, or the authority is not a public one. Who validates refuses it.',
    actedOn: 'Senders under an enforced MTA-STS policy.',
    ground: 'RFC 8461 section 4.2',
    fix: 'Put the whole chain into the certificate file, your own certificate first.',
    others: null,
  },
  judge(view) {
    return securedConversations(view).flatMap(
      ({ conversation, certificate, chain, unverified }): Judgement[] => {
        // A name or a date that does not fit is told by its own check, and so is a certificate that signs itself.
        const why = unverified ?? '';
        if (certificate.selfSigned || !/issuer|chain|signature|self.signed/i.test(why.replaceAll('_', ' ')))
          return [];
        const judged = isPolicyEnforced(view);
        const { host } = conversation;
        return [
          {
            level: judged ? 'error' : 'notice',
            subject: subjectOf(conversation),
            message: `The certificate of ${host} leads to no authority that is known here (${why}).`,
            evidence: [
              {
                asked: `${conversation.address}: chain`,
                answer: chain.map(({ subject }) => subject).join(' ← '),
              },
            ],
            fix: `Put the certificates between that of ${host} and its authority into the certificate file.`,
          },
        ];
      },
    );
  },
};
