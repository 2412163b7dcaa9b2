import type { EgressSnapshot } from '../decision/egress/health-state.ts';
import type { GatewaySettings } from '../decision/gateway-settings.ts';
import { ourAddresses } from '../decision/next-hop/our-addresses.ts';
import { expireMsByDomain } from '../decision/queue/expiry.ts';
import type { DispatcherSettings } from './delivery/dispatcher.ts';
import type { FinderSettings } from './dns/next-hop-finder.ts';
import type { InboundSettings } from './inbound/reception.ts';
import type { CertificateSettings } from './tls/certificates.ts';

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
