import { egressSubject } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';

/** Packets leave by the uplink of their source address. */
export const egressWrongWay: Rule = {
  id: 'EGRESS-WRONG-WAY',
  article: {
    title: 'Mail of one connection leaves by the other.',
    meaning:
      'The far side sees the address of the other uplink: packets take the main route, whatever address they carry.',
    actedOn: 'Every receiver: name and address do not fit.',
    ground: 'the case of a host with two uplinks',
    fix: 'Give each source address a rule and a table of its own.',
    others: null,
  },
  judge(view) {
    return view.facts.egresses.flatMap((egress): Judgement[] => {
      const other = view.facts.egresses.find(
        ({ address, id }) => id !== egress.id && address === egress.observed,
      );
      if (other === undefined) return [];
      const commands = view.facts.host?.sources.find(({ egress: id }) => id === egress.id)?.commands ?? [];
      return [
        {
          level: 'error',
          subject: egressSubject(egress),
          message: `Packets of ${egress.uplink} leave by ${other.uplink}: the far side sees ${other.address}.`,
          evidence: [
            {
              asked: `the address that a far side saw of ${egress.source ?? egress.address}`,
              answer: other.address,
            },
          ],
          ...(commands.length === 0 ? {} : { fix: commands.join('\n') }),
        },
      ];
    });
  },
};
