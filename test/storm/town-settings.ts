import type { UplinkSetting } from '../../src/decision/egress/egress.ts';
import type { GatewaySettings } from '../../src/decision/gateway-settings.ts';
import type { SmartHost } from '../../src/decision/next-hop/route-setting.ts';
import { reverseName } from '../../src/decision/records/reverse-name.ts';
import type { ZoneTable } from '../../src/surface/demo/zone-table.ts';
import { primaryDomain } from '../settings.ts';
import type { ReferenceNetwork } from '../simulation/reference-network.ts';
import type { Uncommon } from './uncommon.ts';
import { login } from './whims.ts';

export const third = { uplink: 'isp3', address: '198.51.100.77', ehlo: 'mail3.example.com' } as const;
export const passwordFiles = ['/etc/postern/isp3', '/etc/postern/bulk'] as const;

const minute = 60_000;
const hour = 60 * minute;

const smartHostAt = (host: string, passwordFile: string): SmartHost => ({
  host,
  port: 587,
  tls: 'verify',
  login: { user: login.user, passwordFile },
});

/** The way of isp3, whose provider blocks port 25, and the way of bulk mail. */
const smartHost = smartHostAt('smtp.isp3.example', passwordFiles[0]);
const bulkHost = smartHostAt('smtp.bulk.example', passwordFiles[1]);

export const smartHosts = [
  { name: smartHost.host, address: '198.18.7.10' },
  { name: bulkHost.host, address: '198.18.8.10' },
] as const;

/**
 * All that an operator can ask for at once: a share and a rate and few connections for uplinks, a third one through a
 * smart host with TLS and login, a route by two uplinks and one through another smart host, a backup domain, drills.
 */
export function usualSettings(world: ReferenceNetwork, uncommon: Uncommon, clients: number): GatewaySettings {
  const usual = world.settings();
  const [first, second] = usual.uplinks;
  const [egress] = second?.egresses ?? [];
  if (!first || !second || !egress)
    throw new Error('The reference network has two uplinks with an egress each.');
  const { uplink, address, ehlo } = third;
  const { expireMs, delayNoticeMs, doubtWaitMs, fewConnections } = uncommon;
  return {
    ...usual,
    queue: { expireMs, delayNoticeMs },
    delivery: { ...usual.delivery, doubtWaitMs },
    limits: {
      ...usual.limits,
      connections: fewConnections ? Math.max(1, clients - 1) : usual.limits.connections,
    },
    uplinks: [
      { ...first, maxConnections: 3 },
      { ...second, maxRatePerS: 2, warmShare: 0.1 },
      {
        ...second,
        name: uplink,
        preference: 30,
        smartHost,
        egresses: [{ ...egress, id: `${uplink}/${address}`, uplink, address, ehlo }],
      },
    ],
    domains: [
      ...usual.domains,
      primaryDomain('bulk.example.com', '10.20.0.10'),
      {
        ...primaryDomain('partner.example', ''),
        role: 'backup',
        deliverTo: [],
        whenUnknown: 'accept',
        expireMs: 21 * 24 * hour,
      },
    ],
    routes: [
      { to: null, from: '@bulk.example.com', uplinks: null, smartHost: bulkHost },
      { to: 'shop.example', from: null, uplinks: ['isp2', 'isp3'], smartHost: null },
    ],
    drill: { everyMs: 20 * minute, forMs: 30_000 },
  };
}

/** Other configurations that the operator might write. */
export function changedSettings(usual: GatewaySettings): readonly GatewaySettings[] {
  const changed = (name: string, part: Partial<UplinkSetting>): GatewaySettings => ({
    ...usual,
    uplinks: usual.uplinks.map(uplink => (uplink.name === name ? { ...uplink, ...part } : uplink)),
  });
  const only = (...names: string[]): GatewaySettings => ({
    ...usual,
    uplinks: usual.uplinks.filter(({ name }) => names.includes(name)),
    routes: usual.routes.filter(({ uplinks }) => uplinks?.some(name => names.includes(name)) ?? true),
  });
  return [
    only('isp1', 'isp3'),
    only('isp2', 'isp3'),
    only('isp1'),
    only(),
    { ...usual, routes: [] },
    { ...usual, routes: usual.routes.slice(1) },
    changed('isp3', { smartHost: null }),
    changed('isp1', { smartHost: bulkHost }),
    changed('isp2', { maxRatePerS: 0.2, maxConnections: 1 }),
    changed('isp1', { maxConnections: 1 }),
    changed('isp1', { whenUnfit: 'hold' }),
    { ...usual, drill: null },
  ];
}

/** What the name server says while all is well. */
export function usualZone(world: ReferenceNetwork): ZoneTable {
  const { uplink, address, ehlo } = third;
  return {
    ...world.zone(),
    'partner.example MX': ['10 mx.partner.example', '20 mail2.example.com'],
    [`${ehlo} A`]: [address],
    [`${reverseName(address).name} PTR`]: [ehlo],
    ...Object.fromEntries(smartHosts.map(each => [`${each.name} A`, [each.address]] as const)),
    [`${uplink}.example A`]: [address],
  };
}
