import { caaOf, issuerDomain } from '../caa-view.ts';
import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';
import { securedConversations } from '../tls-view.ts';
import { evidenceOf } from '../view.ts';

/** CAA lets the issuer of the certificate in use renew it. */
export const caaIssuer: Rule = {
  id: 'CAA-ISSUER',
  article: {
    title: 'DNS forbids the authority that issued the certificate to renew it.',
    meaning:
      'A CAA record names the authorities that may issue certificates. The one that issued yours is not among them, so the next renewal fails.',
    actedOn: 'The authority, at the next renewal.',
    ground: 'RFC 8659 section 4',
    fix: 'Add the authority to the CAA record.',
    others: null,
  },
  judge(view) {
    return securedConversations(view).flatMap(({ conversation, certificate }): Judgement[] => {
      const { host } = conversation;
      const issuer = issuerDomain(certificate.issuer);
      const found = caaOf(view, host);
      if (issuer === null || found === null) return [];
      const subject = subjectOf(conversation);
      const evidence = [
        evidenceOf(view, found.name, 'CAA'),
        { asked: `${conversation.address}: issuer`, answer: certificate.issuer },
      ];
      if (found.issuers.some(allowed => allowed === issuer))
        return [
          { level: 'pass', subject, message: `CAA lets ${issuer} issue certificates for ${host}.`, evidence },
        ];
      return [
        {
          level: 'warning',
          subject,
          message: `CAA of ${found.name} does not let ${issuer} issue, which issued the certificate of ${host}: its renewal will fail.`,
          evidence,
          fix: `${found.name}. IN CAA 0 issue "${issuer}"`,
          change: {
            [`${found.name} CAA`]: {
              kind: 'records',
              values: [...view.records(found.name, 'CAA'), `0 issue "${issuer}"`],
            },
          },
        },
      ];
    });
  },
};
