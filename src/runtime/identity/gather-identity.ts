import type { DnsFact } from '../../decision/audit/dns-fact.ts';
import { type AskedIdentity, addressType, type IdentityFacts } from '../../decision/audit/identity-facts.ts';
import type { EgressSetting, UplinkSetting } from '../../decision/egress/egress.ts';
import type { EgressSnapshot } from '../../decision/egress/health-state.ts';
import { isLoopback } from '../../decision/egress/host-advice.ts';
import { reverseName } from '../../decision/records/reverse-name.ts';
import { canonicalAddress } from '../../protocol/dns/address.ts';
import type { DnsAnswer, Resolver } from '../dns/resolver.ts';
import type { Clock } from '../ports.ts';

/** Of an address's PTR names so many are looked up; receivers look at no more (RFC 7208 section 5.5). */
const mostNames = 10;

/** The part of the facts that the configuration and the host give. */
export type IdentityBasis = Omit<IdentityFacts, 'asked'>;

/** Facts, and how long their parts took in ms. */
export type GatheredIdentity = {
  readonly facts: IdentityFacts;
  readonly tookMs: { readonly ptr: number; readonly forward: number; readonly ehlo: number };
};

/** Who an egress says it is; its public address is known while it is configured or on the host. */
export function identityBasis(
  uplink: UplinkSetting,
  setting: EgressSetting,
  snapshot: EgressSnapshot,
): IdentityBasis {
  const present = snapshot.egresses.find(({ id }) => id === setting.id)?.egress?.publicAddress ?? null;
  const address = setting.publicAddress ?? setting.address ?? present;
  return {
    egress: setting.id,
    uplink: uplink.name,
    family: setting.family,
    publicAddress: address === null ? null : canonicalAddress(address),
    ehlo: setting.ehlo,
    smartHost: uplink.smartHost?.host ?? null,
  };
}

/**
 * Asks DNS, past the cache, what the rules about an identity want to know; at most 10 s each for PTR, the names behind
 * it and the EHLO name, and the last beside the others. Nothing is asked about who identifies itself to nobody.
 */
export async function gatherIdentity(
  resolver: Pick<Resolver, 'resolveAnew'>,
  clock: Clock,
  basis: IdentityBasis,
): Promise<GatheredIdentity> {
  const { publicAddress: address, smartHost } = basis;
  if (address === null || smartHost !== null || isLoopback(address))
    return { facts: { ...basis, asked: null }, tookMs: { ptr: 0, forward: 0, ehlo: 0 } };
  const [reverse, ehlo] = await Promise.all([
    reverseFacts(resolver, clock, basis, address),
    timed(clock, () => ehloFacts(resolver, basis.ehlo)),
  ]);
  return {
    facts: { ...basis, asked: { ...reverse.facts, ehlo: ehlo.value } },
    tookMs: { ...reverse.tookMs, ehlo: ehlo.ms },
  };
}

async function reverseFacts(
  resolver: Pick<Resolver, 'resolveAnew'>,
  clock: Clock,
  { family }: IdentityBasis,
  address: string,
): Promise<{
  readonly facts: Omit<AskedIdentity, 'ehlo'>;
  readonly tookMs: { readonly ptr: number; readonly forward: number };
}> {
  const { name } = reverseName(address);
  const ptr = await timed(clock, async () => factOf(await resolver.resolveAnew(name, 'PTR')));
  const names = ptr.value.kind === 'records' ? ptr.value.values.slice(0, mostNames) : [];
  const forward = await timed(clock, () =>
    Promise.all(
      names.map(async each => ({
        name: each,
        addresses: factOf(await resolver.resolveAnew(each, addressType(family))),
      })),
    ),
  );
  return {
    facts: { reverseName: name, ptr: ptr.value, forward: forward.value },
    tookMs: { ptr: ptr.ms, forward: forward.ms },
  };
}

async function ehloFacts(
  resolver: Pick<Resolver, 'resolveAnew'>,
  name: string,
): Promise<AskedIdentity['ehlo']> {
  const [four, six] = await Promise.all([
    resolver.resolveAnew(name, 'A'),
    resolver.resolveAnew(name, 'AAAA'),
  ]);
  return { A: factOf(four), AAAA: factOf(six) };
}

function factOf(answer: DnsAnswer<'A' | 'AAAA' | 'PTR'>): DnsFact {
  if (answer.kind === 'temperror') return answer;
  if (answer.kind !== 'records') return { kind: answer.kind };
  return {
    kind: 'records',
    values: answer.records.map(record => (record.type === 'PTR' ? record.target : record.address)),
  };
}

async function timed<Value>(
  clock: Clock,
  ask: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly ms: number }> {
  const started = clock.monotonic();
  const value = await ask();
  return { value, ms: clock.monotonic() - started };
}
