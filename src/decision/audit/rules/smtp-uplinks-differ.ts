import { extensionsOf } from '../esmtp-extensions.ts';
import type { Judgement, Rule } from '../rule.ts';

/** A host answers alike by all its addresses. */
export const smtpUplinksDiffer: Rule = {
  id: 'SMTP-UPLINKS-DIFFER',
  article: {
    title: 'The same server behaves differently by its two connections.',
    meaning:
      'By one address it offers less than by the other. What works by the first fails by the second, on the day that it is needed.',
    actedOn: 'Senders that come by the second address.',
    ground: 'the case of a host with two uplinks',
    fix: 'Give both listeners the same settings and the same certificate.',
    others: null,
  },
  judge(view) {
    const byHost = Map.groupBy(view.facts.conversations, ({ host }) => host);
    return [...byHost].flatMap(([host, conversations]): Judgement[] => {
      const told = conversations.flatMap(conversation => {
        const offered = extensionsOf(conversation);
        return offered === null
          ? []
          : [
              {
                address: conversation.address,
                tls: conversation.tls?.kind === 'done',
                text: offerText(offered),
              },
            ];
      });
      const [first, ...others] = told;
      const other = others.find(each => each.text !== first?.text || each.tls !== first.tls);
      if (first === undefined || other === undefined) return [];
      return [
        {
          level: 'warning',
          subject: { kind: 'mx', name: host },
          message: `${host} behaves at ${other.address} otherwise than at ${first.address}.`,
          evidence: [first, other].map(({ address, tls, text }) => ({
            asked: `${address}: EHLO`,
            answer: `${text}${tls ? ', with TLS' : ', without TLS'}`,
          })),
          fix: 'Give both listeners the same settings and the same certificate.',
        },
      ];
    });
  },
};

function offerText(offered: Readonly<Record<string, unknown>>): string {
  return Object.entries(offered)
    .flatMap(([name, value]) =>
      value === true ? [name] : typeof value === 'number' ? [`${name} ${value}`] : [],
    )
    .toSorted()
    .join(', ');
}
