import type { Family } from '../../decision/egress/egress.ts';
import type { AddressFacts, MxFacts } from '../../decision/next-hop/mx-facts.ts';
import { mxHosts } from '../../decision/next-hop/mx-hosts.ts';
import type { Clock } from '../ports.ts';
import type { DnsAnswer, Resolver } from './resolver.ts';

/** Once one host has addresses, the others get so much longer. */
const stragglersMs = 1_000;

/** Facts with a look-up that failed are gathered again soon. */
const failedTtlMs = 5_000;

/** What DNS says of a domain's mail, and how long that may be believed. */
export type GatheredFacts = { readonly facts: MxFacts; readonly ttlMs: number };

type HostFacts = AddressFacts & { readonly ttlMs: number };

/**
 * Asks for the MX of a domain and the addresses of its hosts, all hosts at once; `domain` is canonical.
 * A host whose name servers are silent does not hold up the others for more than a second.
 */
export async function gatherMxFacts(
  resolver: Pick<Resolver, 'resolve'>,
  clock: Clock,
  domain: string,
  families: readonly Family[],
): Promise<GatheredFacts> {
  const answer = await resolver.resolve(domain, 'MX');
  if (answer.kind === 'temperror')
    return { facts: { domain, mx: answer, addresses: new Map() }, ttlMs: failedTtlMs };
  const mx: MxFacts['mx'] =
    answer.kind === 'records' ? { kind: 'records', records: answer.records } : { kind: answer.kind };
  const names = mxHosts(domain, mx).map(({ name }) => name);
  const hosts = await untilStragglers(
    clock,
    names.map(name => addressesOf(resolver, name, families)),
  );
  const addresses = new Map<string, AddressFacts>();
  let { ttlMs } = answer;
  for (const [place, name] of names.entries()) {
    const found = hosts[place] ?? {
      addresses: [],
      failed: `DNS look-up of ${name} failed: no resolver has answered yet`,
      ttlMs: failedTtlMs,
    };
    addresses.set(name, found);
    ttlMs = Math.min(ttlMs, found.ttlMs);
  }
  return { facts: { domain, mx, addresses }, ttlMs };
}

/** The addresses of a host in our families; where it has none, also whether it has some in another. */
async function addressesOf(
  resolver: Pick<Resolver, 'resolve'>,
  name: string,
  families: readonly Family[],
): Promise<HostFacts> {
  const ask = (family: Family): Promise<DnsAnswer<'A' | 'AAAA'>> =>
    resolver.resolve(name, family === 4 ? 'A' : 'AAAA');
  const [one = 4, ...others] = families;
  const found = sum(await Promise.all([ask(one), ...others.map(ask)]));
  if (found.addresses.length > 0 || found.failed !== null || families.length > 1) return found;
  return sum([await ask(one === 4 ? 6 : 4)], found);
}

function sum(answers: readonly DnsAnswer<'A' | 'AAAA'>[], before?: HostFacts): HostFacts {
  const addresses = [...(before?.addresses ?? [])];
  let failed = before?.failed ?? null;
  let ttlMs = before?.ttlMs ?? Number.POSITIVE_INFINITY;
  for (const answer of answers) {
    if (answer.kind === 'records') addresses.push(...answer.records.map(({ address }) => address));
    if (answer.kind === 'temperror') failed = answer.reason;
    ttlMs = Math.min(ttlMs, answer.kind === 'temperror' ? failedTtlMs : answer.ttlMs);
  }
  return { addresses, failed, ttlMs };
}

/** All of them, or what is there a while after the first that has addresses; null for the missing. */
function untilStragglers(
  clock: Clock,
  asked: readonly Promise<HostFacts>[],
): Promise<readonly (HostFacts | null)[]> {
  const found: (HostFacts | null)[] = asked.map(() => null);
  if (asked.length === 0) return Promise.resolve(found);
  const { promise, resolve } = Promise.withResolvers<readonly (HostFacts | null)[]>();
  let missing = asked.length;
  let timer: { cancel(): void } | null = null;
  for (const [place, each] of asked.entries())
    void each.then(host => {
      found[place] = host;
      missing -= 1;
      if (missing === 0) {
        timer?.cancel();
        resolve(found);
      } else if (host.addresses.length > 0)
        timer ??= clock.timer(stragglersMs, () => {
          resolve([...found]);
        });
    });
  return promise;
}
