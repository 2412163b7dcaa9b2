import { isIPv4, isIPv6 } from 'node:net';
import { canonicalAddress } from '../../protocol/dns/address.ts';
import type { Family } from '../egress/egress.ts';
import type { HostAddress } from '../egress/route.ts';
import { inTurns } from './in-turns.ts';
import { isHostAddress } from './local-address.ts';
import { type MxFacts, maxAddressesPerFamily } from './mx-facts.ts';
import { isNullMx, type MxHost, mxHosts } from './mx-hosts.ts';
import type { NextHop, NextHopHost } from './next-hop.ts';

/** What of ourselves the order of hosts depends on. */
export type OurSide = {
  /** The port that mail hosts are called at. */
  readonly port: number;
  /** The families of our egresses. */
  readonly families: readonly Family[];
  /** Public addresses of egresses and listeners, in canonical text: a host that has one of them is ourselves. */
  readonly ourAddresses: ReadonlySet<string>;
  /** Names of our `mx` listeners, lower case: where we are a backup, an MX host of that name is ourselves too. Left out: none. */
  readonly ourNames?: ReadonlySet<string>;
};

type Refused = Extract<NextHop, { readonly kind: 'refused' }>;

/**
 * Orders the hosts for one delivery attempt.
 * Equal preference: shuffled with `random`, uniform in [0, 1) (RFC 5321 section 5.1).
 * Ourselves in the set: every host at our preference or worse is dropped.
 * A host without an answer from DNS is passed over while another has addresses.
 * Never throws: a DNS failure is `defer`; a null MX (RFC 7505), a domain that does not exist or has no address, and a
 * set in which only we are left, are `refused`.
 */
export function decideNextHop(facts: MxFacts, ours: OurSide, random: () => number): NextHop {
  const { domain, mx } = facts;
  if (mx.kind === 'temperror') return { kind: 'defer', reason: mx.reason };
  if (mx.kind === 'nxdomain') return refused(550, '5.1.2', `The domain ${domain} does not exist`);
  if (mx.kind === 'records' && isNullMx(mx.records))
    return refused(556, '5.1.10', `The domain ${domain} takes no mail: it has a null MX`);

  const named = mxHosts(domain, mx);
  if (named.length === 0) return refused(550, '5.4.4', `No MX of ${domain} names a host`);
  const candidates = betterThanOurselves(named, facts, ours);
  const site = siteOf(candidates);
  const hosts: NextHopHost[] = [];
  for (const { name, preference } of shuffleEqual(candidates, random)) {
    const found = facts.addresses.get(name)?.addresses ?? [];
    const addresses = orderAddresses(name, found, ours, random);
    if (addresses.length > 0) hosts.push({ name, mxPreference: preference, addresses, local: false });
  }
  if (hosts.length > 0) return { kind: 'hosts', site, hosts };
  return whyNone(facts, named, candidates);
}

/** The domain of a recipient is no name that DNS can have. */
export function refuseBadName(domain: string): NextHop {
  return refused(550, '5.1.3', `"${domain}" is not the name of a domain`);
}

/**
 * The next hop of a domain that is an address literal without its brackets (RFC 5321 section 4.1.3);
 * `literal` is what stood in them.
 */
export function decideLiteral(literal: string, ours: OurSide): NextHop {
  const isSix = literal.slice(0, 5).toLowerCase() === 'ipv6:';
  const address = canonicalAddress(isSix ? literal.slice(5) : literal);
  const site = `[${literal.toLowerCase()}]`;
  if (!(isSix ? isIPv6(address) : isIPv4(address)) || !isHostAddress(address))
    return refused(550, '5.1.3', `${site} is not the address of a mail host`);
  if (ours.ourAddresses.has(address)) return onlyOurselves(site);
  if (!ours.families.includes(isSix ? 6 : 4))
    return { kind: 'defer', reason: `No uplink has an IPv${isSix ? 6 : 4} address to reach ${site} from` };
  const to: HostAddress = { host: site, address, port: ours.port };
  return { kind: 'hosts', site, hosts: [{ name: site, mxPreference: 0, addresses: [to], local: false }] };
}

function refused(code: number, enhancedStatus: string, reason: string): Refused {
  return { kind: 'refused', code, enhancedStatus, reason };
}

function onlyOurselves(domain: string): Refused {
  return refused(
    554,
    '5.4.6',
    `The mail of ${domain} would come back to us: the best MX host left is this server, but the domain is not in its configuration`,
  );
}

/** The hosts better than the best one that is ourselves; all, where none is (RFC 5321 section 5.1). */
function betterThanOurselves(hosts: readonly MxHost[], facts: MxFacts, ours: OurSide): readonly MxHost[] {
  const ourselves = ourPreference(hosts, facts, ours.ourAddresses);
  return ourselves === null ? hosts : hosts.filter(({ preference }) => preference < ourselves);
}

/** The preference of the best host that is ourselves, by address or by name; null: none is. `hosts` are best first. */
export function ourPreference(
  hosts: readonly MxHost[],
  facts: MxFacts,
  ourAddresses: ReadonlySet<string>,
  ourNames?: ReadonlySet<string>,
): number | null {
  const ourselves = hosts.find(
    ({ name }) =>
      ourNames?.has(name) || facts.addresses.get(name)?.addresses.some(address => ourAddresses.has(address)),
  );
  return ourselves?.preference ?? null;
}

/** The key of the receiving site: the names of the best MX set. */
function siteOf(hosts: readonly MxHost[]): string {
  const best = hosts[0]?.preference;
  return hosts
    .filter(({ preference }) => preference === best)
    .map(({ name }) => name)
    .toSorted()
    .join(',');
}

/** By preference; within one, in random order. `hosts` are sorted already. */
function shuffleEqual(hosts: readonly MxHost[], random: () => number): readonly MxHost[] {
  if (hosts.length < 2) return hosts;
  return hosts
    .map(host => ({ host, draw: random() }))
    .toSorted((one, other) => one.host.preference - other.host.preference || one.draw - other.draw)
    .map(({ host }) => host);
}

/**
 * The addresses to try, of the families that we have. Within a family at random, so that a host's addresses share the
 * load.
 */
function orderAddresses(
  host: string,
  found: readonly string[],
  ours: OurSide,
  random: () => number,
): HostAddress[] {
  const usable = [...new Set(found)].filter(isHostAddress);
  const ofFamily = (family: Family): string[] =>
    ours.families.includes(family)
      ? shuffle(
          usable.filter(address => isIPv6(address) === (family === 6)),
          random,
        ).slice(0, maxAddressesPerFamily)
      : [];
  return inTurns(ofFamily(4), ofFamily(6)).map(address => ({ host, address, port: ours.port }));
}

function shuffle<Item>(items: readonly Item[], random: () => number): Item[] {
  if (items.length < 2) return [...items];
  return items
    .map(item => ({ item, draw: random() }))
    .toSorted((one, other) => one.draw - other.draw)
    .map(({ item }) => item);
}

/** No host has an address that we can call: is that so for good, or only now? */
function whyNone(facts: MxFacts, named: readonly MxHost[], candidates: readonly MxHost[]): NextHop {
  for (const { name } of candidates) {
    const known = facts.addresses.get(name);
    if (known?.failed) return { kind: 'defer', reason: known.failed };
  }
  const elsewhere = candidates.find(({ name }) => facts.addresses.get(name)?.addresses.some(isHostAddress));
  if (elsewhere !== undefined)
    return {
      kind: 'defer',
      reason: `The mail hosts of ${facts.domain} have no address of a family that an uplink has (${elsewhere.name})`,
    };
  if (candidates.length < named.length) return onlyOurselves(facts.domain);
  if (facts.mx.kind === 'nodata')
    return refused(550, '5.1.2', `The domain ${facts.domain} has neither an MX nor an address`);
  return refused(550, '5.4.4', `No mail host of ${facts.domain} has an address`);
}
