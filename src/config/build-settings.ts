import { dirname, resolve } from 'node:path';
import { listenerText } from '../decision/admission/listener.ts';
import type { EgressSetting, HealthSettings, UplinkSetting } from '../decision/egress/egress.ts';
import { scopeOf } from './address.ts';
import type { Config, HealthConfig } from './schema.ts';
import type { Settings } from './settings.ts';

/** The configuration in the types of the rooms that decide by it. `file` is where relative paths count from. */
export function buildSettings(config: Config, file: string): Settings {
  return {
    hostname: config.hostname,
    stateDir: resolve(dirname(file), config.state_dir),
    uplinks: config.uplinks.map(uplink => buildUplink(uplink, config)),
    listeners: (config.listeners ?? []).map(listener => ({
      ...listener.address,
      role: listener.role,
      name: listener.name ?? config.hostname,
      publicAddress: listener.public ?? null,
      bareNewline: listener.bare_newline,
      allowPublic: listener.allow_public,
    })),
    domains: (config.domains ?? []).map(domain => ({
      name: domain.name,
      role: domain.role,
      deliverTo: domain.deliver_to,
    })),
    relay: { fromNetworks: config.relay?.from_networks ?? [] },
    dnsServers: (config.dns?.servers ?? []).map(server => {
      const entry = 'port' in server ? { address: server } : server;
      return {
        ...entry.address,
        uplink: entry.uplink ?? null,
        trustAd: entry.trust_ad ?? config.dns?.trust_ad ?? scopeOf(entry.address.address) === 'loopback',
      };
    }),
    delivery: { port: config.delivery.port, doubtWaitMs: config.delivery.doubt_wait },
    queue: { expireMs: config.queue.expire },
    limits: {
      messageSizeBytes: config.limits.message_size,
      recipients: config.limits.recipients,
      connections: config.limits.connections,
      perClient: config.limits.per_client,
    },
    log: config.log,
  };
}

function buildUplink(uplink: Config['uplinks'][number], config: Config): UplinkSetting {
  return {
    name: uplink.name,
    preference: uplink.preference,
    weight: uplink.weight,
    egresses: uplink.source.map(entry => buildEgress(entry, uplink, config.hostname)),
    dns: (uplink.dns ?? []).map(listenerText),
    probe: uplink.probe ?? [],
    health: buildHealth(config.health, uplink.health),
  };
}

function buildEgress(
  entry: Config['uplinks'][number]['source'][number],
  uplink: Config['uplinks'][number],
  hostname: string,
): EgressSetting {
  const source = typeof entry === 'string' ? { address: entry } : entry;
  const address = source.address ?? null;
  const device = source.interface ?? null;
  const family = address === null ? (source.family ?? 4) : address.includes(':') ? 6 : 4;
  return {
    id: `${uplink.name}/${address ?? `${device}${family === 6 ? '/6' : ''}`}`,
    uplink: uplink.name,
    ehlo: source.ehlo ?? uplink.ehlo ?? hostname,
    family,
    address,
    interface: device,
    publicAddress: source.public === undefined || source.public === address ? null : source.public,
  };
}

function buildHealth(all: HealthConfig, own: HealthConfig | undefined): HealthSettings {
  return {
    intervalMs: own?.interval ?? all.interval ?? 10_000,
    suspectIntervalMs: own?.suspect_interval ?? all.suspect_interval ?? 1000,
    timeoutMs: own?.timeout ?? all.timeout ?? 4000,
    proveMs: own?.prove ?? all.prove ?? 10_000,
  };
}
