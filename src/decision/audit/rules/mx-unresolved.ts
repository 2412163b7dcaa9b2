import { isIP } from 'node:net';
import type { DnsFact } from '../dns-fact.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** Every MX name has an address. */
export const mxUnresolved: Rule = {
  id: 'MX-UNRESOLVED',
  article: {
    title: 'A mail server that the domain names cannot be found.',
    meaning:
      'The name in an MX record has no address, so senders pass it over; if it is the only one, mail waits and bounces.',
    actedOn: 'Every sender.',
    ground: 'RFC 5321 section 5.1',
    fix: 'Give the name an address record, or take the MX away.',
    others: null,
  },
  judge(view) {
    return view.mx.flatMap(({ exchange }): Judgement[] => {
      if (exchange === '' || isIP(exchange) !== 0) return [];
      const subject = { kind: 'mx', name: exchange } as const;
      const evidence = [evidenceOf(view, exchange, 'A'), evidenceOf(view, exchange, 'AAAA')];
      const addresses = view.addresses(exchange);
      if (addresses.length > 0)
        return [
          {
            level: 'pass',
            subject,
            message: `${exchange} has the address ${addresses.join(', ')}.`,
            evidence,
          },
        ];
      if (isCircle(view.dns(exchange, 'A')))
        return [
          {
            level: 'error',
            subject,
            message: `The MX ${exchange} is an alias that leads to no end, so no sender can reach it.`,
            evidence,
            fix: `${exchange}. IN A (the address of the server)`,
          },
        ];
      if (view.isUnsure(exchange))
        return [
          {
            level: 'skip',
            subject,
            message: `Nobody could say which address ${exchange} has.`,
            evidence,
            unanswered: true,
          },
        ];
      return [
        {
          level: 'error',
          subject,
          message: `The MX ${exchange} has no address, so no sender can reach it.`,
          evidence,
          fix: `${exchange}. IN A (the address of the server)`,
        },
      ];
    });
  },
};

/** The resolver gave up following aliases. */
const isCircle = (fact: DnsFact): boolean => fact.kind === 'temperror' && fact.failure === 'alias_loop';
