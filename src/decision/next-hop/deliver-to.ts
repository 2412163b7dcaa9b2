import type { DomainSetting } from '../admission/domain.ts';
import { isLocalAddress } from './local-address.ts';
import type { NextHop } from './next-hop.ts';

/**
 * Where the mail of a domain of ours goes: the hosts of `deliver_to`, in the order of the configuration.
 * Those on loopback or in a private network are `local`; others are called through the uplinks.
 */
export function decideDeliverTo(domain: DomainSetting): NextHop {
  return {
    kind: 'hosts',
    site: domain.deliverTo.map(({ address, port }) => `${address}:${port}`).join(','),
    hosts: domain.deliverTo.map(({ address, port, xclient }, place) => ({
      name: address,
      mxPreference: place,
      addresses: [{ host: address, address, port }],
      local: isLocalAddress(address),
      ...(xclient ? { xclient: true } : {}),
    })),
  };
}
