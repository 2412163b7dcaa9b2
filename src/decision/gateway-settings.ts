import type { DomainSetting, RelaySetting } from './admission/domain.ts';
import type { ClientLimits, ListenerSetting } from './admission/listener.ts';
import type { DrillSetting, UplinkSetting } from './egress/egress.ts';
import type { DnsServerSetting } from './next-hop/dns-server.ts';
import type { RouteSetting } from './next-hop/route-setting.ts';
import type { NotifySetting } from './notice/notify-setting.ts';
import type { DeliverySetting, QueueSetting } from './queue/settings.ts';

/** What the gateway goes by: of the operator's file all but what is of the process alone. Immutable, swapped as one. */
export type GatewaySettings = {
  readonly hostname: string;
  readonly uplinks: readonly UplinkSetting[];
  readonly listeners: readonly ListenerSetting[];
  readonly domains: readonly DomainSetting[];
  readonly relay: RelaySetting;
  /** Empty: the system's resolvers. */
  readonly dnsServers: readonly DnsServerSetting[];
  readonly delivery: DeliverySetting;
  readonly queue: QueueSetting;
  readonly limits: ClientLimits;
  /** In their order: the first that fits holds. */
  readonly routes: readonly RouteSetting[];
  readonly notify: readonly NotifySetting[];
  readonly drill: DrillSetting | null;
};
