import type { DomainSetting, RelaySetting } from '../decision/admission/domain.ts';
import type { ClientLimits, ListenerSetting } from '../decision/admission/listener.ts';
import type { DrillSetting, UplinkSetting } from '../decision/egress/egress.ts';
import type { EgressSnapshot } from '../decision/egress/health-state.ts';
import type { DnsServerSetting } from '../decision/next-hop/dns-server.ts';
import { ourAddresses } from '../decision/next-hop/our-addresses.ts';
import type { RouteSetting } from '../decision/next-hop/route-setting.ts';
import type { NotifySetting } from '../decision/notice/notify-setting.ts';
import { expireMsByDomain } from '../decision/queue/expiry.ts';
import type { DeliverySetting, QueueSetting } from '../decision/queue/settings.ts';
import type { DispatcherSettings } from './delivery/dispatcher.ts';
import type { FinderSettings } from './dns/next-hop-finder.ts';
import type { InboundSettings } from './inbound/listeners.ts';
import type { CertificateSettings } from './tls/certificates.ts';

/** What the gateway runs by; the configuration's settings have this shape. */
export type GatewaySettings = {
  readonly hostname: string;
  readonly uplinks: readonly UplinkSetting[];
  readonly listeners: readonly ListenerSetting[];
  readonly domains: readonly DomainSetting[];
  readonly relay: RelaySetting;
  readonly dnsServers: readonly DnsServerSetting[];
  readonly delivery: DeliverySetting;
  readonly queue: QueueSetting;
  readonly limits: ClientLimits;
  readonly routes: readonly RouteSetting[];
  readonly notify: readonly NotifySetting[];
  readonly drill: DrillSetting | null;
  readonly http: { readonly address: string; readonly port: number } | null;
};

/** What each room goes by, made of the whole. */
export const deliverySettings = (settings: GatewaySettings): DispatcherSettings => ({
  hostname: settings.hostname,
  queue: settings.queue,
  delivery: settings.delivery,
  expireMsOf: expireMsByDomain(settings.domains),
  uplinks: settings.uplinks,
  routes: settings.routes,
  ownDomains: new Set(settings.domains.map(({ name }) => name)),
});

export function inboundSettings(settings: GatewaySettings): InboundSettings {
  const { listeners, domains, relay, limits } = settings;
  const uplinkByAddress = new Map(
    settings.uplinks.flatMap(uplink =>
      uplink.egresses.flatMap(egress =>
        [egress.address, egress.publicAddress].flatMap(address =>
          address === null ? [] : [[address, uplink.name] as const],
        ),
      ),
    ),
  );
  return { listeners, domains, relay, limits, uplinkOf: address => uplinkByAddress.get(address) ?? null };
}

export const certificateSettings = ({ listeners, uplinks }: GatewaySettings): CertificateSettings => ({
  listeners,
  ehloNames: uplinks.flatMap(uplink => uplink.egresses.map(egress => egress.ehlo)),
});

/** Made again when the settings or the addresses of the host have changed, for it is read for every message. */
export function finderSettings(
  current: () => GatewaySettings,
  snapshot: () => EgressSnapshot,
): () => FinderSettings {
  const ofSettings = rememberLast(current, settings => {
    const families = new Set(
      settings.uplinks.flatMap(uplink => uplink.egresses.map(egress => egress.family)),
    );
    const ourNames = new Set(
      settings.listeners.filter(({ role }) => role === 'mx').map(({ name }) => name.toLowerCase()),
    );
    return rememberLast(snapshot, egresses => ({
      domains: settings.domains,
      port: settings.delivery.port,
      families: [...families],
      ourAddresses: ourAddresses(settings.uplinks, egresses, settings.listeners, settings.delivery.port),
      ourNames,
    }));
  });
  return () => ofSettings()();
}

/** What `make` gives for a value, made again only when `read` gives another. */
function rememberLast<Key, Made>(read: () => Key, make: (key: Key) => Made): () => Made {
  let last: { key: Key; made: Made } | null = null;
  return () => {
    const key = read();
    if (last === null || last.key !== key) last = { key, made: make(key) };
    return last.made;
  };
}
