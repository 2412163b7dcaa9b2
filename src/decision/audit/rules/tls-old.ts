import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** A mail host speaks TLS 1.2 at least. */
export const tlsOld: Rule = {
  id: 'TLS-OLD',
  article: {
    title: 'The server speaks only old versions of TLS.',
    meaning: 'TLS 1.0 and 1.1 are withdrawn; many senders no longer speak them and fall back to clear text.',
    actedOn: 'Senders that have switched the old versions off.',
    ground: 'RFC 8996',
    fix: 'Let the server speak TLS 1.2 and 1.3.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { tls, host } = conversation;
      if (tls?.kind !== 'done') return [];
      const subject = subjectOf(conversation);
      const evidence = [{ asked: `${conversation.address}: TLS handshake`, answer: tls.protocol }];
      if (tls.protocol === 'TLSv1.2' || tls.protocol === 'TLSv1.3')
        return [{ level: 'pass', subject, message: `${host} speaks ${tls.protocol}.`, evidence }];
      return [
        {
          level: 'warning',
          subject,
          message: `${host} speaks ${tls.protocol} only, which many senders refuse.`,
          evidence,
        },
      ];
    });
  },
};
