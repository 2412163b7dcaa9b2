import { reverseName } from '../../records/reverse-name.ts';
import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** No sending address is on a blocklist. */
export const egressDnsbl: Rule = {
  id: 'EGRESS-DNSBL',
  article: {
    title: 'A sending address is on a blocklist.',
    meaning: 'Receivers that ask this list refuse your mail.',
    actedOn: 'All who ask the list.',
    ground: 'RFC 5782 section 2',
    fix: 'Find out why (an account that was taken over, a form that sends to anybody), mend it, and ask the list to take the address off.',
    others: null,
  },
  judge(view) {
    const { blocklists } = view.facts.asked;
    return judgedEgresses(view.facts.egresses).flatMap(egress =>
      blocklists.flatMap(({ zone, kind }): Judgement[] => {
        const name = `${reverseLabels(egress.address)}.${zone}`;
        const fact = view.dns(name, 'A');
        const subject = egressSubject(egress);
        const evidence = [evidenceOf(view, name, 'A')];
        // RFC 5782 section 5: a list that does not hold its test point, or holds the other one, tells nothing.
        const works =
          view.dns(`2.0.0.127.${zone}`, 'A').kind === 'records' &&
          view.dns(`1.0.0.127.${zone}`, 'A').kind !== 'records';
        const refused = fact.kind === 'records' && fact.values.some(code => code.startsWith('127.255.255.'));
        if (fact.kind === 'temperror' || refused || !works)
          return [
            { level: 'skip', subject, message: `The list ${zone} cannot be asked from here.`, evidence },
          ];
        if (fact.kind !== 'records')
          return [{ level: 'pass', subject, message: `${egress.address} is not on ${zone}.`, evidence }];
        return [
          {
            level: kind === 'major' ? 'error' : 'warning',
            subject,
            message: `${egress.address} is on the list ${zone} (${fact.values.join(', ')}).`,
            evidence,
            fix: `Find out why at the page of ${zone}, mend it, and ask to be taken off.`,
          },
        ];
      }),
    );
  },
};

/** The address as lists are asked for it (RFC 5782 sections 2.1 and 2.4). */
const reverseLabels = (address: string): string =>
  reverseName(address).name.replace(/\.(in-addr|ip6)\.arpa$/, '');
