import type { DnsFact } from '../dns-fact.ts';
import { questionKey } from '../facts.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** An MX names a host, not an alias. */
export const mxCname: Rule = {
  id: 'MX-CNAME',
  article: {
    title: 'The name of a mail server is an alias of another name.',
    meaning:
      'An MX must name a host that has address records itself. Most senders follow the alias all the same; some do not, and a sender that looks for itself in the MX set may miss its own name and loop.',
    actedOn: 'Few senders; all large ones follow the alias.',
    ground: 'RFC 2181 section 10.3, RFC 5321 section 5.1',
    fix: 'Let the MX name the host that the alias leads to, or give the name address records of its own.',
    others: 'Most testing sites call this an error; mail is seldom lost by it, but the RFCs forbid it.',
  },
  judge(view) {
    const { domain } = view.facts;
    return view.mx.flatMap(({ exchange, preference }): Judgement[] => {
      if (exchange === '') return [];
      const four = view.dns(exchange, 'A');
      const six = view.dns(exchange, 'AAAA');
      const alias = [four, six]
        .map(fact => (fact.kind === 'temperror' ? undefined : fact.alias))
        .find(Boolean);
      const subject = { kind: 'mx', name: exchange } as const;
      if (alias === undefined) {
        if (four.kind === 'temperror' && six.kind === 'temperror') return [];
        return [{ level: 'pass', subject, message: `${exchange} is a host and no alias.` }];
      }
      return [
        {
          level: 'warning',
          subject,
          message: `The MX ${exchange} is an alias of ${alias}; an MX must name a host.`,
          evidence: [evidenceOf(view, exchange, 'A')],
          fix: `${domain}. IN MX ${preference} ${alias}.   # in the place of ${exchange}`,
          change: {
            [questionKey(domain, 'MX')]: {
              kind: 'records',
              values: view
                .records(domain, 'MX')
                .map(text => (text === `${preference} ${exchange}.` ? `${preference} ${alias}.` : text)),
            },
            [questionKey(alias, 'A')]: unaliased(four),
            [questionKey(alias, 'AAAA')]: unaliased(six),
          },
        },
      ];
    });
  },
};

/** What the name behind an alias would say itself. */
function unaliased(fact: DnsFact): DnsFact {
  if (fact.kind === 'temperror') return fact;
  const { alias: _alias, ...own } = fact;
  return own;
}
