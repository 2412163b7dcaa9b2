import type { Result } from '../src/runtime/ports.ts';
import { inOrder } from '../src/surface/demo/namespaces.ts';
import { uplinks } from './addresses.ts';
import type { LabNetwork, Line } from './network.ts';

/** The mail host's ends of the uplinks behind NAT. */
export const inner: readonly [Line, Line] = [
  { link: uplinks[0].name, source: '10.20.1.2', gateway: '10.20.1.1' },
  { link: uplinks[1].name, source: '10.20.2.2', gateway: '10.20.2.1' },
];

/**
 * Lets a provider's router hold the public address: what the mail host sends leaves with it, and port 25 of it leads to
 * the mail host, with the client's address as it came.
 */
export function translate({ providers }: LabNetwork, index: 0 | 1): Promise<Result<void, string>> {
  const { namespace } = providers[index];
  const { source: outer } = uplinks[index];
  return inOrder(
    () => namespace.ip(`address add ${outer} dev core`),
    () =>
      namespace.nft(`table ip nat {
chain outward {
type nat hook postrouting priority srcnat
oif core ip saddr ${inner[index].source} snat to ${outer}
}
chain inward {
type nat hook prerouting priority dstnat
iif core ip daddr ${outer} tcp dport 25 dnat to ${inner[index].source}
}
}
`),
  );
}
