import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** No mail host passes strangers' mail on to strangers. */
export const mxOpenRelay: Rule = {
  id: 'MX-OPEN-RELAY',
  article: {
    title: 'The server passes on mail of anybody to anybody.',
    meaning:
      'Spammers find an open relay within hours. The address is then on every blocklist, and your own mail is refused.',
    actedOn: 'Spammers, and then every receiver.',
    ground: 'RFC 5321 section 7.9',
    fix: 'Let the server relay for your own networks and for users who log in, and for nobody else.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { relay, host, egress } = conversation;
      if (relay === null) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, 'RCPT TO:<a stranger>', relay)];
      if (relay.code >= 300)
        return [{ level: 'pass', subject, message: `${host} relays for no stranger.`, evidence }];
      // Where we call from one of our own addresses, we may be one of those it relays for.
      if (egress !== null)
        return [
          {
            level: 'skip',
            subject,
            message: `${host} relays for ${egress}, which may be meant; ask from outside.`,
            evidence,
          },
        ];
      return [
        {
          level: 'error',
          subject,
          message: `${host} takes mail from a stranger for a stranger: it is an open relay.`,
          evidence,
          fix: 'Restrict relaying to your own networks and to users who log in.',
        },
      ];
    });
  },
};
