import { judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';

/** One EHLO name for several uplinks, explained. */
export const egressEhloShared: Rule = {
  id: 'EGRESS-EHLO-SHARED',
  article: {
    title: 'Several connections say one name. That is sound.',
    meaning:
      'A name may lead to several addresses. As long as each sending address is among them, receivers are content.',
    actedOn: 'Nobody.',
    ground: 'the case of a host with two uplinks (layout A)',
    fix: 'Nothing needs to be done.',
    others: null,
  },
  judge(view) {
    const byName = Map.groupBy(judgedEgresses(view.facts.egresses), ({ ehlo }) => ehlo);
    return [...byName].flatMap(([ehlo, egresses]): Judgement[] => {
      const uplinks = [...new Set(egresses.map(({ uplink }) => uplink))];
      const sound = egresses.every(({ address }) => view.addresses(ehlo).includes(address));
      if (uplinks.length < 2 || !sound) return [];
      return [
        {
          level: 'info',
          subject: { kind: 'host', name: ehlo },
          message: `${uplinks.join(' and ')} share the EHLO name ${ehlo}; that is sound, for the name leads to the addresses of all of them.`,
        },
      ];
    });
  },
};
