import type { Judgement, Rule } from '../rule.ts';
import { egressSubject } from './egress-subject.ts';

/** Large packets pass on every uplink. */
export const egressMtu: Rule = {
  id: 'EGRESS-MTU',
  article: {
    title: 'Large messages stall on this connection.',
    meaning:
      'A router on the way drops packets that are too large and does not say so. Small mail passes, large mail hangs.',
    actedOn: 'Nobody; large mail simply does not arrive.',
    ground: 'RFC 2923 section 2.1',
    fix: 'Lower the MTU of the interface, or clamp the segment size in the router.',
    others: null,
  },
  judge(view) {
    return view.facts.egresses.flatMap((egress): Judgement[] => {
      const mtu = view.facts.host?.mtus.find(({ egress: id }) => id === egress.id);
      if (mtu === undefined || mtu.path === null || mtu.path >= mtu.link) return [];
      return [
        {
          level: 'notice',
          subject: egressSubject(egress),
          message: `The way out by ${egress.uplink} takes packets of ${mtu.path} bytes, its interface sends ${mtu.link}: large messages may stall.`,
          evidence: [{ asked: `ip route get from ${egress.address}`, answer: `mtu ${mtu.path}` }],
          fix: `ip link set dev ${mtu.interface} mtu ${mtu.path}`,
        },
      ];
    });
  },
};
