import type { DnsFailure } from '../../../protocol/dns/failure.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** Failures that tell of our own way to DNS, not of the zone. */
const isOurs: ReadonlySet<DnsFailure> = new Set(['unreachable', 'refused', 'given_up']);

/** Questions for TLSA records are answered. */
export const daneDenial: Rule = {
  id: 'DANE-DENIAL',
  article: {
    title: 'DNS does not answer whether there are keys for the mail server.',
    meaning: 'Senders that know DANE must wait for an answer, for it may be an attacker who suppresses it.',
    actedOn: 'Senders that know DANE keep the mail.',
    ground: 'RFC 7672 section 2.1',
    fix: 'Let the name server answer TLSA questions; old servers and firewalls drop them.',
    others: null,
  },
  judge(view) {
    return view.mailHosts.flatMap((host): Judgement[] => {
      const name = `_25._tcp.${host}`;
      const fact = view.dns(name, 'TLSA');
      const four = view.dns(host, 'A');
      // Where nothing of the host is answered, it is not about TLSA.
      if (fact.kind !== 'temperror' || four.kind === 'temperror' || !view.wasAsked(name, 'TLSA')) return [];
      return [
        {
          level: isOurs.has(fact.failure) ? 'skip' : 'error',
          subject: { kind: 'mx', name: host },
          message: `Nobody answers whether ${host} has TLSA records, while its address is answered: DANE senders keep their mail.`,
          evidence: [evidenceOf(view, name, 'TLSA')],
          fix: 'See that the name servers of the zone answer questions for TLSA with "no such record".',
        },
      ];
    });
  },
};
