import { reverseName } from '../src/decision/records/reverse-name.ts';
import type { IdentityTables } from '../src/surface/demo/peer-protocol.ts';

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

/** The IPv6 of uplink 1, where it has some. */
export const ipv6 = {
  source: '2001:db8:1::30',
  gateway: '2001:db8:1::1',
  network: '2001:db8:1::/48',
  core: { provider: '2001:db8:64::2', internet: '2001:db8:64::1' },
} as const;

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

/** `also`: an address of the other family. */
export type Site = {
  readonly domain: string;
  readonly host: string;
  readonly address: string;
  readonly also?: string;
};

export function addressesOf({ address, also }: Site): readonly string[] {
  return also === undefined ? [address] : [address, also];
}

/** `count` sites for the larger settings, each in a network of its own. */
export function manySites(count: number): readonly Site[] {
  return Array.from({ length: count }, (_, n) => ({
    domain: `d${n}.example`,
    host: `mx.d${n}.example`,
    address: `198.19.${n}.25`,
  }));
}

/** An address that we send from, as the world sees it, and the name that leads to it, and it to the name. */
export type Sender = { readonly address: string; readonly name: string };

export const senders: readonly Sender[] = uplinks.map(({ source, ehlo }) => ({
  address: source,
  name: ehlo,
}));

/** What the name server tells: our own names for both directions, and the sites. */
export function zoneOf(list: readonly Site[], ours: readonly Sender[] = senders): Record<string, string[]> {
  const zone: Record<string, string[]> = {};
  const add = (name: string, type: string, value: string): void =>
    void (zone[`${name} ${type}`] ??= []).push(value);
  const addAddress = (name: string, address: string): void =>
    add(name, address.includes(':') ? 'AAAA' : 'A', address);
  for (const { address, name } of ours) {
    addAddress(name, address);
    add(reverseName(address).name, 'PTR', name);
  }
  for (const [index, { name, address }] of doors.entries()) {
    add('example.com', 'MX', `${10 * (index + 1)} ${name}`);
    addAddress(name, address);
  }
  const passes = ours.map(({ address }) =>
    address.includes(':') ? `+ip6:${address}/128` : `+ip4:${address}/32`,
  );
  add('example.com', 'TXT', `v=spf1 ${passes.join(' ')} -all`);
  for (const name of new Set(ours.map(({ name }) => name))) add(name, 'TXT', 'v=spf1 a -all');
  for (const site of list) {
    add(site.domain, 'MX', `10 ${site.host}`);
    for (const address of addressesOf(site)) addAddress(site.host, address);
  }
  return zone;
}

/** What strict receivers judge by. */
export function identityOf(ours: readonly Sender[]): IdentityTables {
  const forward: Record<string, string[]> = {};
  const reverse: Record<string, string[]> = {};
  for (const { address, name } of ours) {
    (forward[name] ??= []).push(address);
    (reverse[address] ??= []).push(name);
  }
  return { forward, reverse };
}

export const identity = identityOf(senders);
