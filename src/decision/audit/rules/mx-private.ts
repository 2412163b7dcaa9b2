import { isHostAddress, isLocalAddress } from '../../next-hop/local-address.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** An MX leads to addresses that the world can reach. */
export const mxPrivate: Rule = {
  id: 'MX-PRIVATE',
  article: {
    title: 'A mail server is named by an address that only its own network knows.',
    meaning:
      'Private, loopback and reserved addresses lead nowhere from outside, or to the sender itself: mail waits, loops or is given to a stranger.',
    actedOn: 'Every sender outside your network.',
    ground: 'RFC 6890, RFC 1918 section 3',
    fix: 'Name the public address, and keep private ones in a view of DNS for your own network.',
    others: null,
  },
  judge(view) {
    return view.mailHosts.flatMap(host =>
      view
        .addresses(host)
        .filter(address => isLocalAddress(address) || !isHostAddress(address))
        .map(
          (address): Judgement => ({
            level: 'error',
            subject: { kind: 'mx', name: host, address },
            message: `${host} leads to ${address}, which nobody outside can reach.`,
            evidence: [evidenceOf(view, host, address.includes(':') ? 'AAAA' : 'A')],
            fix: `${host}. IN ${address.includes(':') ? 'AAAA' : 'A'} (the public address)`,
          }),
        ),
    );
  },
};
