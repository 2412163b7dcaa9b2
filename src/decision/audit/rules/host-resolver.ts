import { isLocalAddress } from '../../next-hop/local-address.ts';
import { hostSilence } from '../host-silence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** There is more than one resolver, or one on the host. */
export const hostResolver: Rule = {
  id: 'HOST-RESOLVER',
  article: {
    title: 'DNS hangs on one connection.',
    meaning:
      'A single resolver that is reached by one connection is gone with it, and without names no mail moves.',
    actedOn: 'Your own gateway, on the day that the connection dies.',
    ground: 'the case of a host with two uplinks',
    fix: 'Run a resolver on the host, or name one for each uplink: dns: ["…"].',
    others: null,
  },
  judge(view) {
    const { host, egresses } = view.facts;
    const uplinks = new Set(egresses.map(({ uplink }) => uplink));
    if (host === null) return hostSilence(view);
    const [only, ...others] = host.resolvers;
    if (only === undefined || others.length > 0 || uplinks.size < 2 || isLocalAddress(only.address))
      return [];
    const judgement: Judgement = {
      level: 'warning',
      subject: { kind: 'host', name: only.address },
      message: `The one resolver ${only.address} is on the Internet: when the connection to it dies, no name can be looked up.`,
      fix: 'dns: ["203.0.113.53:53"]   # at each uplink, its own resolver',
    };
    return [judgement];
  },
};
