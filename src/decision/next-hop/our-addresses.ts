import { canonicalAddress } from '../../protocol/dns/address.ts';
import type { ListenerSetting } from '../admission/listener.ts';
import type { UplinkSetting } from '../egress/egress.ts';
import type { EgressSnapshot } from '../egress/health-state.ts';
import { isLocalAddress } from './local-address.ts';

/**
 * The addresses by which the world knows us: an MX host among them is ourselves (RFC 5321 section 5.1).
 * Those of the uplinks and of the `mx` listeners, behind NAT the public ones. A listener on a loopback or private address
 * is known to nobody outside; it is ourselves only on the port to which mail is delivered.
 */
export function ourAddresses(
  uplinks: readonly UplinkSetting[],
  snapshot: EgressSnapshot,
  listeners: readonly Pick<ListenerSetting, 'address' | 'port' | 'role' | 'publicAddress'>[],
  deliveryPort: number,
): ReadonlySet<string> {
  const configured = uplinks.flatMap(uplink =>
    uplink.egresses.map(egress => egress.publicAddress ?? egress.address),
  );
  const current = snapshot.egresses.map(view => view.egress?.publicAddress ?? null);
  const doors = listeners
    .filter(({ role, address, publicAddress, port }) => {
      if (role !== 'mx') return false;
      return publicAddress !== null || !isLocalAddress(address) || port === deliveryPort;
    })
    .map(({ address, publicAddress }) => publicAddress ?? address);
  const known = [...configured, ...current, ...doors].filter(address => address !== null);
  return new Set(known.map(canonicalAddress));
}
