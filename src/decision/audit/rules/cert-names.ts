import { namesHost } from '../../../protocol/tls/certificate-name.ts';
import { parseTlsa } from '../../../protocol/tls/tlsa.ts';
import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';
import { isDaneEnforced, isPolicyEnforced, securedConversations } from '../tls-view.ts';

/** The certificate of a mail host has its MX name. */
export const certNames: Rule = {
  id: 'CERT-NAMES',
  article: {
    title: 'The certificate lacks the name by which the world calls the server.',
    meaning:
      'Who validates compares the MX name with the certificate. Few do, unless a policy (MTA-STS) or DANE with a trust anchor tells them to: then mail waits.',
    actedOn: 'Senders under an enforced MTA-STS policy or DANE-TA; nobody else.',
    ground: 'RFC 8461 section 4.2, RFC 7672 section 3.2.2',
    fix: 'Have the certificate issued with every MX name among its names.',
    others:
      'Many testing sites call this an error for everybody; without a policy nobody refuses mail for it.',
  },
  judge(view) {
    return securedConversations(view).map(({ conversation, certificate }): Judgement => {
      const { host } = conversation;
      const subject = subjectOf(conversation);
      const evidence = [
        {
          asked: `${conversation.address}: certificate`,
          answer: certificate.names.join(', ') || certificate.subject,
        },
      ];
      if (certificate.names.some(name => namesHost(name, host)))
        return { level: 'pass', subject, message: `The certificate of ${host} has its name.`, evidence };
      const anchored =
        isDaneEnforced(view, host) &&
        view.records(`_25._tcp.${host}`, 'TLSA').some(text => parseTlsa(text)?.usage === 2);
      const judged = isPolicyEnforced(view) || anchored;
      return {
        level: judged ? 'error' : 'notice',
        subject,
        message: judged
          ? `The certificate of ${host} lacks its name, and the policy of the domain has senders refuse that.`
          : `The certificate of ${host} lacks its name; without a policy of the domain no sender minds.`,
        evidence,
        fix: `Issue the certificate with the name ${host}.`,
      };
    });
  },
};
