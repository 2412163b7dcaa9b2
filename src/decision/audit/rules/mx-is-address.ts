import { isIP } from 'node:net';
import { canonicalAddress } from '../../../protocol/dns/address.ts';
import { mxFix } from '../mx-fix.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** An MX holds a name. */
export const mxIsAddress: Rule = {
  id: 'MX-IS-ADDRESS',
  article: {
    title: 'An MX record holds an address in the place of a name.',
    meaning:
      'Senders look the address up as if it were a name, find nothing, and go on to the next MX. If there is no other, mail bounces.',
    actedOn: 'Every sender.',
    ground: 'RFC 1035 section 3.3.9, RFC 5321 section 5.1',
    fix: 'Give the server a name with an address record, and let the MX hold the name.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    return view.mx
      .filter(({ exchange }) => isIP(exchange.replace(/^\[|\]$/g, '')) !== 0)
      .map(({ exchange, preference }): Judgement => {
        const address = exchange.replace(/^\[|\]$/g, '');
        return {
          level: 'error',
          subject: { kind: 'mx', name: exchange },
          message: `An MX of ${domain} holds the address ${address}; senders look it up as a name and find nothing.`,
          evidence: [evidenceOf(view, domain, 'MX')],
          ...mxFix(
            view,
            [{ preference, address: canonicalAddress(address) }],
            view.records(domain, 'MX').filter(text => text !== `${preference} ${exchange}.`),
          ),
        };
      });
  },
};
