import { hostSilence } from '../host-silence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** Reverse-path filtering leaves asymmetric ways alone. */
export const hostRpFilter: Rule = {
  id: 'HOST-RP-FILTER',
  article: {
    title: 'The host drops packets that come in by the connection that it would not use itself.',
    meaning:
      'Strict filtering throws away what comes in by an interface other than that of the best route back. With two uplinks that is half of the mail.',
    actedOn: 'Your own host.',
    ground: 'RFC 3704 section 2.2',
    fix: 'Set rp_filter to 2 (loose) on both interfaces.',
    others: null,
  },
  judge(view) {
    const { host, egresses } = view.facts;
    const uplinks = new Set(egresses.map(({ uplink }) => uplink));
    if (uplinks.size < 2) return [];
    if (host === null) return hostSilence(view);
    return host.strictInterfaces.map(
      (name): Judgement => ({
        level: 'warning',
        subject: { kind: 'host', name },
        message: `${name} filters strictly by the way back (rp_filter = 1), and may drop what comes in by it.`,
        evidence: [{ asked: `/proc/sys/net/ipv4/conf/${name}/rp_filter`, answer: '1' }],
        fix: `sysctl -w net.ipv4.conf.${name}.rp_filter=2`,
      }),
    );
  },
};
