import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';
import { isPolicyEnforced, securedConversations } from '../tls-view.ts';

/** A self-signed certificate, explained. */
export const certSelf: Rule = {
  id: 'CERT-SELF',
  article: {
    title: 'The certificate is signed by the server itself. Between mail servers that is no fault.',
    meaning:
      'Without a policy senders do not validate certificates of mail servers: mail is encrypted all the same. With DANE a self-signed certificate is as good as any.',
    actedOn: 'Nobody, unless an MTA-STS policy is enforced.',
    ground: 'RFC 7672 section 1.3',
    fix: 'Nothing needs to be done; for MTA-STS a certificate of a public authority is needed.',
    others: 'Testing sites call it an error; between mail servers it is none.',
  },
  judge(view) {
    return securedConversations(view).flatMap(({ conversation, certificate }): Judgement[] => {
      if (!certificate.selfSigned) return [];
      const judged = isPolicyEnforced(view);
      const { host } = conversation;
      return [
        {
          level: judged ? 'error' : 'info',
          subject: subjectOf(conversation),
          message: judged
            ? `The certificate of ${host} is signed by itself, and the MTA-STS policy of the domain has senders refuse that.`
            : `The certificate of ${host} is signed by itself. Nobody minds: without a policy no sender validates it, and mail is encrypted all the same.`,
          evidence: [{ asked: `${conversation.address}: certificate`, answer: certificate.subject }],
        },
      ];
    });
  },
};
