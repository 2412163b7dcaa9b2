import { dirname, resolve } from 'node:path';
import type { DomainSetting } from '../decision/admission/domain.ts';
import type { EgressSetting, HealthSettings, UplinkSetting } from '../decision/egress/egress.ts';
import type { SmartHost } from '../decision/next-hop/route-setting.ts';
import type { NotifySetting } from '../decision/notice/notify-setting.ts';
import { scopeOf } from './address.ts';
import type { Config } from './schema.ts';
import type { HealthConfig } from './schema-uplink.ts';
import type { Settings } from './settings.ts';

/** RFC 5321 section 4.5.4.1 asks for four to five days; a primary that is away for its owner's holidays needs more. */
const backupExpireMs = 21 * 86_400_000;

/** The configuration in the types of the rooms that decide by it. `file` is where relative paths count from. */
export function buildSettings(config: Config, file: string): Settings {
  const path: PathOf = text => resolve(dirname(file), text);
  return {
    hostname: config.hostname,
    stateDir: path(config.state_dir),
    uplinks: config.uplinks.map(uplink => buildUplink(uplink, config, path)),
    listeners: (config.listeners ?? []).map(listener => ({
      ...listener.address,
      role: listener.role,
      name: listener.name ?? config.hostname,
      publicAddress: listener.public ?? null,
      bareNewline: listener.bare_newline,
      allowPublic: listener.allow_public,
      tls:
        listener.tls === undefined
          ? null
          : { certFile: path(listener.tls.cert), keyFile: path(listener.tls.key) },
    })),
    domains: (config.domains ?? []).map(domain => buildDomain(domain, path)),
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
    queue: {
      expireMs: config.queue.expire,
      delayNoticeMs: config.queue.delay_notice,
    },
    limits: {
      messageSizeBytes: config.limits.message_size,
      recipients: config.limits.recipients,
      connections: config.limits.connections,
      perClient: config.limits.per_client,
    },
    routes: (config.routes ?? []).map(route => ({
      to: route.to ?? null,
      from: route.from ?? null,
      uplinks: route.uplinks ?? null,
      smartHost: route.smart_host === undefined ? null : buildSmartHost(route.smart_host, path),
    })),
    notify: (config.notify ?? []).flatMap(buildNotify),
    drill: config.drill === undefined ? null : { everyMs: config.drill.every, forMs: config.drill.for },
    http: config.http?.address ?? null,
    log: { ...config.log, file: config.log.file === undefined ? null : path(config.log.file) },
  };
}

/** A path of the file, counted from the file's folder. */
type PathOf = (text: string) => string;

function buildDomain(domain: NonNullable<Config['domains']>[number], path: PathOf): DomainSetting {
  const isBackup = domain.role === 'backup';
  return {
    name: domain.name,
    role: domain.role,
    deliverTo: (domain.deliver_to ?? []).map(entry =>
      'port' in entry ? { ...entry, xclient: false } : { ...entry.address, xclient: entry.xclient },
    ),
    recipients:
      typeof domain.recipients === 'string'
        ? { kind: domain.recipients }
        : { kind: 'file', path: path(domain.recipients.file) },
    whenUnknown: domain.when_unknown ?? (isBackup ? 'accept' : 'defer'),
    expireMs: domain.expire ?? (isBackup ? backupExpireMs : null),
  };
}

function buildSmartHost(
  smartHost: NonNullable<Config['uplinks'][number]['smart_host']>,
  path: PathOf,
): SmartHost {
  const { host, port, tls, user, password_file: passwordFile } = smartHost;
  const login =
    user === undefined || passwordFile === undefined ? null : { user, passwordFile: path(passwordFile) };
  return { host, port, tls, login };
}

/** One entry is one way; more keys in it were refused. */
function buildNotify({ mail, command, webhook }: NonNullable<Config['notify']>[number]): NotifySetting[] {
  if (mail !== undefined) return [{ kind: 'mail', address: mail }];
  if (command !== undefined) return [{ kind: 'command', path: command }];
  return webhook === undefined ? [] : [{ kind: 'webhook', url: webhook }];
}

function buildUplink(uplink: Config['uplinks'][number], config: Config, path: PathOf): UplinkSetting {
  return {
    name: uplink.name,
    preference: uplink.preference,
    weight: uplink.weight,
    egresses: uplink.source.map(entry => buildEgress(entry, uplink, config.hostname)),
    dns: uplink.dns ?? [],
    probe: uplink.probe ?? [],
    health: buildHealth(config.health, uplink.health),
    maxRatePerS: uplink.max_rate ?? null,
    maxConnections: uplink.max_connections ?? null,
    warmShare: uplink.warm_share ?? 0,
    whenUnfit: uplink.when_unfit,
    smartHost: uplink.smart_host === undefined ? null : buildSmartHost(uplink.smart_host, path),
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
