import type { UplinkSetting } from '../../decision/egress/egress.ts';
import type { EgressSnapshot, EgressView } from '../../decision/egress/health-state.ts';
import { presentAddress } from '../../decision/egress/host-advice.ts';
import type { GatewaySettings } from '../../decision/gateway-settings.ts';
import type { Clock, Network, Random } from '../ports.ts';
import { Resolver } from './resolver.ts';

/** The resolver of a command that runs without a gateway: it asks as the gateway would, and knows no egress's health. */
export function outsideResolver(
  ports: { readonly network: Network; readonly clock: Clock; readonly random: Random },
  settings: Pick<GatewaySettings, 'uplinks' | 'dnsServers'>,
): Resolver {
  const snapshot = unknownHealth(ports.network, settings.uplinks);
  return new Resolver({
    ...ports,
    servers: () => settings.dnsServers,
    uplinks: () => settings.uplinks,
    snapshot: () => snapshot,
    tellsBogus: true,
  });
}

function unknownHealth(network: Network, uplinks: readonly UplinkSetting[]): EgressSnapshot {
  const present = network.addresses();
  const egresses = uplinks.flatMap(({ name, preference, weight, egresses: settings }) =>
    settings.map((setting): EgressView => {
      const { id, family, ehlo } = setting;
      const source = presentAddress(setting, present)?.address ?? null;
      const publicAddress = setting.publicAddress ?? source ?? '';
      return {
        id,
        uplink: name,
        state: 'unknown',
        since: 0,
        reason: 'not asked',
        fit: 'unknown',
        preference,
        weight,
        family,
        egress:
          source === null ? null : { kind: 'uplink', id, uplink: name, family, source, publicAddress, ehlo },
      };
    }),
  );
  return { version: 1, egresses };
}
