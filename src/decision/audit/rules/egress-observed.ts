import { egressSubject } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The far side sees the address that is configured. */
export const egressObserved: Rule = {
  id: 'EGRESS-OBSERVED',
  article: {
    title: 'Mail leaves from another address than you think.',
    meaning:
      'A router rewrites the address, or the packets leave by another connection. All that was judged of the configured address says nothing of the real one.',
    actedOn: 'Every receiver sees the other address.',
    ground: 'precondition of all checks of an egress',
    fix: 'Write what the world sees as public in the source of the uplink, or mend the routing.',
    others: null,
  },
  judge(view) {
    return view.facts.egresses.flatMap((egress): Judgement[] => {
      const { observed, address } = egress;
      if (observed === null) return [];
      const subject = egressSubject(egress);
      const evidence = [
        { asked: `the address that a far side saw of ${egress.source ?? address}`, answer: observed },
      ];
      if (observed === address)
        return [{ level: 'pass', subject, message: `The world sees ${address}.`, evidence }];
      // That it is another of our own is told as the wrong way.
      if (view.facts.egresses.some(other => other.address === observed)) return [];
      return [
        {
          level: 'error',
          subject,
          message: `The world sees ${observed} where the configuration says ${address}.`,
          evidence,
          fix: `source: [{ address: ${egress.source ?? address}, public: ${observed} }]`,
        },
      ];
    });
  },
};
