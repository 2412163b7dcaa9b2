import type { Judgement, Rule } from '../rule.ts';
import { securedConversations } from '../tls-view.ts';

/** One name shows the same certificate by every uplink. */
export const certUplinksDiffer: Rule = {
  id: 'CERT-UPLINKS-DIFFER',
  article: {
    title: 'One name shows two certificates, and one of them is worse.',
    meaning:
      'A name that leads to two addresses shows another certificate by each. One is not valid, so mail depends on which address a sender picks.',
    actedOn: 'Who validates, under a policy.',
    ground: 'the case of a host with two uplinks',
    fix: 'Give both listeners the same certificate.',
    others: null,
  },
  judge(view) {
    const byHost = Map.groupBy(securedConversations(view), ({ conversation }) => conversation.host);
    return [...byHost].flatMap(([host, secured]): Judgement[] => {
      const digests = new Set(secured.map(({ certificate }) => certificate.digest));
      const bad = secured.filter(({ unverified }) => unverified !== null);
      if (digests.size < 2 || bad.length === 0 || bad.length === secured.length) return [];
      return [
        {
          level: 'warning',
          subject: { kind: 'mx', name: host },
          message: `${host} shows different certificates by its addresses, and the one of ${bad.map(({ conversation }) => conversation.address).join(', ')} does not verify.`,
          evidence: secured.map(({ conversation, certificate, unverified }) => ({
            asked: `${conversation.address}: certificate`,
            answer: `${certificate.subject}${unverified === null ? '' : ` (${unverified})`}`,
          })),
          fix: 'Give the listeners of this name the same certificate.',
        },
      ];
    });
  },
};
