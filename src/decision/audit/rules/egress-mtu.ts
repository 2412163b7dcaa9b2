import { egressSubject } from '../egress-subject.ts';
import type { EgressFact, HostFact } from '../facts.ts';
import type { Judgement, Rule } from '../rule.ts';
import type { AuditView } from '../view.ts';

type Mtu = HostFact['mtus'][number];

/** Large packets pass on every uplink. */
export const egressMtu: Rule = {
  id: 'EGRESS-MTU',
  article: {
    title: 'Large messages stall on this connection.',
    meaning:
      'Somewhere on the way packets must be smaller than the interface makes them. Where the router that drops them says so, each host costs a lost packet; where its word is filtered, small mail passes and large mail hangs until it is given up.',
    actedOn: 'Nobody; large mail simply does not arrive.',
    ground: 'RFC 2923 section 2.1',
    fix: 'Lower the MTU of the interface, or let TCP find the size by itself (RFC 4821).',
    others: null,
  },
  judge(view) {
    return view.facts.egresses.flatMap((egress): Judgement[] => {
      const mtu = view.facts.host?.mtus.find(({ egress: id }) => id === egress.id);
      if (mtu !== undefined && mtu.path !== null && mtu.path < mtu.link)
        return [narrow(view, egress, { ...mtu, path: mtu.path })];
      const { passed = [], stalled = [] } = egress.fullPackets ?? {};
      if (passed.length > 0)
        return [
          {
            level: 'pass',
            subject: egressSubject(egress),
            message: `Packets of full size pass by ${egress.uplink}.`,
            evidence: [{ asked: `hello of TLS from ${egress.address}`, answer: passed.join(', ') }],
          },
        ];
      return stalled.length > 0 ? [blackHole(view, egress, stalled)] : [];
    });
  },
};

function narrow({ facts }: AuditView, egress: EgressFact, mtu: Mtu & { readonly path: number }): Judgement {
  const { host } = facts;
  const mended = host?.mtus.map(each =>
    each.interface === mtu.interface ? { ...each, link: mtu.path } : each,
  );
  return {
    level: 'notice',
    subject: egressSubject(egress),
    message: `The way out by ${egress.uplink} takes packets of ${mtu.path} bytes, its interface ${mtu.interface} makes them ${mtu.link}: each large message loses packets first, and stalls where the router's word is filtered.`,
    evidence: [{ asked: `ip route get (a mail host) from ${egress.source}`, answer: `mtu ${mtu.path}` }],
    fix: `ip link set dev ${mtu.interface} mtu ${mtu.path}`,
    ...(host === null || mended === undefined ? {} : { hostAfter: { ...host, mtus: mended } }),
  };
}

/** One host alone may be to blame itself, unless another uplink's packets come to it. */
function blackHole({ facts }: AuditView, egress: EgressFact, stalled: readonly string[]): Judgement {
  const subject = egressSubject(egress);
  const evidence = stalled.map(host => ({
    asked: `${host}: hello of TLS from ${egress.address}`,
    answer: 'larger than a packet, and never acknowledged; a new call right after it was greeted',
  }));
  const comesByOther = facts.egresses.some(other =>
    other.fullPackets?.passed.some(host => stalled.includes(host)),
  );
  if (stalled.length < 2 && !comesByOther)
    return {
      level: 'skip',
      subject,
      message: `Packets of full size by ${egress.uplink} do not come to ${stalled.join()}; it may be that host, for no other was asked.`,
      evidence,
    };
  return {
    level: 'notice',
    subject,
    message: `Packets of full size by ${egress.uplink} vanish on the way to ${stalled.join(' and ')}, small ones pass: large messages stall.`,
    evidence,
    fix: 'sysctl -w net.ipv4.tcp_mtu_probing=1   # of IPv6 too; and ask the provider to let "packet too big" of ICMP pass',
  };
}
