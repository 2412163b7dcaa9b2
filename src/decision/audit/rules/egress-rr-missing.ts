import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** A shared EHLO name leads to the addresses of all its uplinks. */
export const egressRrMissing: Rule = {
  id: 'EGRESS-RR-MISSING',
  article: {
    title: 'The shared name lacks the address of one connection.',
    meaning: 'Several connections say one name, but the name leads only to some of their addresses.',
    actedOn: 'Receivers that compare the name with the address; they refuse mail by that connection.',
    ground: 'the case of a host with two uplinks (layout A)',
    fix: 'Add the missing address to the name.',
    others: null,
  },
  judge(view) {
    const byName = Map.groupBy(judgedEgresses(view.facts.egresses), ({ ehlo }) => ehlo);
    return [...byName].flatMap(([ehlo, egresses]): Judgement[] => {
      const there = view.addresses(ehlo);
      if (egresses.length < 2 || there.length === 0 || view.isUnsure(ehlo)) return [];
      const missing = egresses.filter(({ address }) => !there.includes(address));
      if (missing.length === egresses.length) return [];
      return missing.map((egress): Judgement => {
        const type = egress.family === 4 ? 'A' : 'AAAA';
        return {
          level: 'error',
          subject: egressSubject(egress),
          message: `${ehlo} is the EHLO name of ${egress.uplink} too, but does not lead to its address ${egress.address}.`,
          evidence: [evidenceOf(view, ehlo, type)],
          fix: `${ehlo}. IN ${type} ${egress.address}`,
          change: {
            [`${ehlo} ${type}`]: { kind: 'records', values: [...view.records(ehlo, type), egress.address] },
          },
        };
      });
    });
  },
};
