import { elsewhereHosts } from '../backup-view.ts';
import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Said } from '../facts.ts';
import type { Judgement, Rule } from '../rule.ts';

/** A mail host that the MX set names takes mail for the domain. */
export const mxRefusesDomain: Rule = {
  id: 'MX-REFUSES-DOMAIN',
  article: {
    title: 'A server that is named for the mail of the domain does not take it.',
    meaning:
      'The server answers recipients of the domain as a stranger would be answered: "relaying denied". Mail that a sender brings there bounces at once.',
    actedOn: 'Every sender that comes to this server.',
    ground: 'RFC 5321 section 3.6',
    fix: 'Enter the domain in the configuration of the server, or take its MX away.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { postmaster, unknownRecipient, host } = conversation;
      if (postmaster === null || unknownRecipient === null) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, `RCPT TO:<postmaster@${domain}>`, postmaster)];
      if (postmaster.code < 300 || unknownRecipient.code < 300)
        return [{ level: 'pass', subject, message: `${host} takes mail for ${domain}.`, evidence }];
      if (!saysRelay(postmaster) || !saysRelay(unknownRecipient)) return [];
      // Told of the backup.
      if (elsewhereHosts(view).includes(host)) return [];
      return [
        {
          level: 'error',
          subject,
          message: `${host} is an MX of ${domain}, but refuses its recipients as a stranger's: mail that comes here bounces.`,
          evidence,
          fix: `Enter ${domain} among the domains that ${host} takes mail for, or take its MX record away.`,
        },
      ];
    });
  },
};

/** In words of every common server: the status code alone also speaks of blocked senders. */
export const saysRelay = ({ code, lines }: Said): boolean =>
  code >= 500 &&
  /relay|not (?:a )?local|not permitted|unrouteable|not accept(?:ing)? mail for/i.test(lines.join(' '));
