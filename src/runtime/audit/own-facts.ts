import { isIP } from 'node:net';
import type { ListenerSetting } from '../../decision/admission/listener.ts';
import type { CertificateFact, ConfigurationFact, EgressFact, HostFact } from '../../decision/audit/facts.ts';
import { hostAdvice, presentAddress, type RouteOfSource } from '../../decision/egress/host-advice.ts';
import type { GatewaySettings } from '../../decision/gateway-settings.ts';
import type { DnsServerSetting } from '../../decision/next-hop/dns-server.ts';
import { canonicalAddress } from '../../protocol/dns/address.ts';
import { Ask, type DnsPorts } from '../dns/ask.ts';
import { systemResolvers } from '../dns/real-system-resolvers.ts';
import type { Files, Network, Result } from '../ports.ts';
import { certificateFact } from './certificate-fact.ts';

/** What of the settings the audit looks at. */
export type AuditedSettings = Pick<
  GatewaySettings,
  'hostname' | 'uplinks' | 'listeners' | 'domains' | 'relay' | 'queue' | 'dnsServers'
>;

const certificateLimitBytes = 1_000_000;
const resolverMs = 3_000;

/** The egresses of the configuration as they stand on this host; those that have no address now are left out. */
export function ownEgresses(settings: AuditedSettings, network: Network): EgressFact[] {
  const present = network.addresses();
  return settings.uplinks.flatMap(uplink =>
    uplink.egresses.flatMap(setting => {
      const found = presentAddress(setting, present);
      const address = setting.publicAddress ?? setting.address ?? found?.address ?? null;
      if (address === null) return [];
      return [
        {
          id: setting.id,
          uplink: uplink.name,
          preference: uplink.preference,
          family: setting.family,
          source: found?.address ?? null,
          address,
          ehlo: setting.ehlo,
          smartHost: uplink.smartHost?.host ?? null,
          port25: null,
          observed: null,
          temporary: found?.temporary ?? false,
        },
      ];
    }),
  );
}

/** The configuration without its certificates, which are in files. */
export function configurationFact(settings: AuditedSettings): ConfigurationFact {
  const uplinkOf = (listener: ListenerSetting): string | null =>
    settings.uplinks.find(({ egresses }) => egresses.some(({ address }) => address === listener.address))
      ?.name ?? null;
  return {
    hostname: settings.hostname,
    uplinks: settings.uplinks.map(({ name, preference, probe }) => ({
      name,
      preference,
      probes: probe.length,
    })),
    listeners: settings.listeners.map(listener => ({
      name: listener.name,
      role: listener.role,
      address: listener.publicAddress ?? listener.address,
      uplink: uplinkOf(listener),
      certificate: null,
    })),
    domains: settings.domains.map(({ name, role }) => ({ name, role })),
    relayNetworks: settings.relay.fromNetworks,
    queueExpireMs: settings.queue.expireMs,
  };
}

/** For each listener; null: it has none, or the file cannot be read. */
export function listenerCertificates(
  { listeners }: AuditedSettings,
  files: Files,
): Promise<readonly (CertificateFact | null)[]> {
  return Promise.all(
    listeners.map(async ({ tls }) => {
      const read = tls === null ? null : await files.read(tls.certFile, certificateLimitBytes);
      return read?.ok === true ? certificateFact(read.value) : null;
    }),
  );
}

/**
 * What this host says of each source address, its resolvers, and how it filters. Of a resolver that has not answered at
 * the end that `signal` tells, it says that it did not.
 */
export async function hostFact(
  settings: AuditedSettings,
  { network, files, clock, random }: DnsPorts & { readonly files: Files },
  signal: AbortSignal,
): Promise<HostFact> {
  const present = network.addresses();
  const egresses = settings.uplinks.flatMap(uplink => uplink.egresses);
  const resolvers = (settings.dnsServers.length > 0 ? settings.dnsServers : systemResolvers()).slice(0, 8);
  const [sources, strictInterfaces, judged] = await Promise.all([
    Promise.all(
      egresses.map(async setting => {
        const found = presentAddress(setting, present);
        const address = found?.address ?? setting.address;
        const route = address === null ? null : await network.routeOf(address);
        const { condition, message, commands } = hostAdvice(setting, found, route);
        const strays = condition === 'sound' && isStraying(route);
        return {
          egress: setting.id,
          address,
          condition: strays ? 'wrong way' : condition,
          message,
          commands,
        };
      }),
    ),
    strictlyFiltered(
      files,
      egresses.flatMap(setting => presentAddress(setting, present)?.interface ?? []),
    ),
    Promise.all(
      resolvers.map(async server => ({
        address: server.address,
        validates: await validates({ network, clock, random }, server, signal),
      })),
    ),
  ]);
  return { sources, resolvers: judged, overrides: [], clockOffsetMs: null, strictInterfaces, mtus: [] };
}

/** Packets leave by another interface than that of their source address. */
const isStraying = (route: RouteOfSource | null): boolean =>
  route !== null && route.device !== null && route.interface !== null && route.device !== route.interface;

/** Those of these interfaces that drop what comes in by another way than the way back (RFC 3704). */
async function strictlyFiltered(files: Files, names: readonly string[]): Promise<readonly string[]> {
  const modes = await Promise.all(
    [...new Set(names)].map(async name => {
      const [own, all] = await Promise.all(
        [name, 'all'].map(each => files.read(`/proc/sys/net/ipv4/conf/${each}/rp_filter`, 64)),
      );
      const value = (read: Result<Buffer, string> | undefined): number =>
        read?.ok === true ? Number(read.value.toString('latin1').trim()) : 0;
      // The larger of both holds.
      return { name, mode: Math.max(value(own), value(all)) };
    }),
  );
  return modes.filter(({ mode }) => mode === 1).map(({ name }) => name);
}

/** Does the resolver say of the root's keys that they validate? Null: it did not answer. */
function validates(ports: DnsPorts, server: DnsServerSetting, signal: AbortSignal): Promise<boolean | null> {
  const { promise, resolve } = Promise.withResolvers<boolean | null>();
  const path = { key: server.address, server, egressId: null, source: null };
  const end = (verdict: boolean | null): void => {
    late.cancel();
    signal.removeEventListener('abort', giveUp);
    ask.cancel();
    resolve(verdict);
  };
  const giveUp = (): void => end(null);
  const late = ports.clock.timer(resolverMs, giveUp);
  const ask = new Ask(ports, path, { name: '', type: 'DNSKEY' }, outcome =>
    end(outcome.kind === 'answer' ? outcome.response.authenticated : null),
  );
  signal.addEventListener('abort', giveUp);
  return promise;
}

/** Where the host's own files say otherwise than DNS about the names of the configuration. */
export function overridesIn(
  hostsFile: string,
  names: readonly string[],
  addressesOf: (name: string) => readonly string[],
): HostFact['overrides'] {
  const files = new Map<string, string[]>();
  for (const line of hostsFile.split('\n')) {
    const [address = '', ...owners] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const owner of owners)
      files.set(owner.toLowerCase(), [...(files.get(owner.toLowerCase()) ?? []), canonicalAddress(address)]);
  }
  return [...new Set(names)].flatMap(name => {
    const own = files.get(name) ?? [];
    const dns = addressesOf(name);
    return dns.length > 0 && own.some(address => !dns.includes(address))
      ? [{ name, files: own.join(', '), dns: dns.join(', ') }]
      : [];
  });
}
