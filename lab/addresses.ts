/**
 * The reference network's names and addresses; all are reserved for documentation (RFC 5737), for benchmarks
 * (RFC 2544) or for carriers' own use (RFC 6598).
 */
export const uplinks = [
  {
    name: 'isp1',
    ehlo: 'mail.example.com',
    source: '198.51.100.30',
    gateway: '198.51.100.1',
    network: '198.51.100.0/24',
    core: { provider: '100.64.1.2', internet: '100.64.1.1' },
    resolver: '198.18.251.53',
    table: 101,
  },
  {
    name: 'isp2',
    ehlo: 'mail2.example.com',
    source: '203.0.113.40',
    gateway: '203.0.113.1',
    network: '203.0.113.0/24',
    core: { provider: '100.64.2.2', internet: '100.64.2.1' },
    resolver: '198.18.252.53',
    table: 102,
  },
] as const;

/** Where the world brings mail for example.com, best first; the last is a second machine, elsewhere. */
export const doors = [
  { name: 'mx1.example.com', address: '198.51.100.30' },
  { name: 'mx2.example.com', address: '203.0.113.40' },
  { name: 'backup.example.com', address: '192.0.2.30' },
] as const;

/** A name server that answers everyone. */
export const publicResolver = '192.0.2.53';

/** Receiving sites, each in a network of its own: evidence against an uplink takes two of them. */
export const sites = [
  { domain: 'remote.example', host: 'mx.remote.example', address: '192.0.2.25' },
  { domain: 'other.example', host: 'mx.other.example', address: '198.18.7.25' },
  { domain: 'third.example', host: 'mx.third.example', address: '198.18.8.25' },
] as const;

export const inside = {
  mailHost: '10.20.0.2',
  store: '10.20.0.10',
  user: '10.20.0.20',
  prefix: 24,
} as const;

export type Site = { readonly domain: string; readonly host: string; readonly address: string };

/** `count` sites for the larger settings, each in a network of its own. */
export function manySites(count: number): readonly Site[] {
  return Array.from({ length: count }, (_, n) => ({
    domain: `d${n}.example`,
    host: `mx.d${n}.example`,
    address: `198.19.${n}.25`,
  }));
}

/** What the name server tells: our own names for both directions, and the sites. */
export function zoneOf(list: readonly Site[]): Record<string, string[]> {
  const zone: Record<string, string[]> = {
    'mail.example.com A': ['198.51.100.30'],
    'mail2.example.com A': ['203.0.113.40'],
    '30.100.51.198.in-addr.arpa PTR': ['mail.example.com'],
    '40.113.0.203.in-addr.arpa PTR': ['mail2.example.com'],
    'example.com MX': doors.map(({ name }, index) => `${10 * (index + 1)} ${name}`),
    ...Object.fromEntries(doors.map(({ name, address }) => [`${name} A`, [address]])),
    'example.com TXT': ['v=spf1 +ip4:198.51.100.30/32 +ip4:203.0.113.40/32 -all'],
  };
  for (const site of list) {
    zone[`${site.domain} MX`] = [`10 ${site.host}`];
    zone[`${site.host} A`] = [site.address];
  }
  return zone;
}

/** What strict receivers judge by. */
export const identity = {
  forward: { 'mail.example.com': ['198.51.100.30'], 'mail2.example.com': ['203.0.113.40'] },
  reverse: { '198.51.100.30': ['mail.example.com'], '203.0.113.40': ['mail2.example.com'] },
};
