import { BlockList, isIP } from 'node:net';
import { isLoopback } from '../../decision/egress/host-advice.ts';
import type { RouteOfSource } from '../ports.ts';
import { ip, type Row, rows, text } from './ip-command.ts';

/** Any address of the world will do: the kernel is asked for the route, no packet leaves. */
const worldAddress = { 4: '198.41.0.4', 6: '2001:503:ba3e::2:30' } as const;
const refusals = new Set(['unreachable', 'prohibit', 'blackhole']);

/** What the four questions to the kernel gave; null: it could not be asked, or refused. */
export type RoutingFacts = {
  readonly source: string;
  readonly addresses: unknown;
  readonly rules: unknown;
  readonly route: unknown;
};

/** How packets with this source would leave; null where the host has no `ip`, or no such address. */
export async function sourceRoute(source: string): Promise<RouteOfSource | null> {
  const family = isIP(source);
  if (family !== 4 && family !== 6) return null;
  if (isLoopback(source))
    return {
      interface: 'lo',
      device: 'lo',
      gateway: null,
      ruled: false,
      table: null,
      fallback: true,
      unreachable: false,
    };
  const version = `-${family}`;
  const [addresses, rules, route] = await Promise.all([
    ip('-d', version, 'address', 'show', 'to', source),
    ip(version, 'rule'),
    ip(version, 'route', 'get', worldAddress[family], 'from', source),
  ]);
  const facts = { source, addresses, rules, route };
  const table = ruleTable(facts);
  const defaults =
    table === null ? null : await ip(version, 'route', 'show', 'table', table, 'exact', 'default');
  return readSourceRoute(facts, defaults);
}

/** Reads the kernel's answers, as `ip -j` writes them. */
export function readSourceRoute(facts: RoutingFacts, tableDefaults: unknown): RouteOfSource | null {
  const carrier = rows(facts.addresses).find(row => text(row, 'ifname') !== null);
  if (carrier === undefined) return null;
  const taken = rows(facts.route)[0];
  const refused = taken === undefined || refusals.has(text(taken, 'type') ?? '');
  const own = rulesFor(facts);
  const table = ruleTable(facts);
  const device = refused ? null : text(taken, 'dev');
  return {
    interface: (carriesNothing(carrier) ? device : null) ?? text(carrier, 'ifname'),
    device,
    gateway: refused ? null : (text(taken, 'gateway') ?? text(taken, 'via')),
    ruled: table !== null,
    table,
    fallback:
      rows(tableDefaults).some(row => refusals.has(text(row, 'type') ?? '')) ||
      own.some(rule => refusals.has(text(rule, 'action') ?? '')),
    unreachable: refused,
    fellThrough: table !== null && !refused && (text(taken, 'table') ?? 'main') !== table,
  };
}

/** Addresses stand on loopback and dummy interfaces where a network is routed to the host: any device is theirs. */
function carriesNothing(carrier: Row): boolean {
  const info = carrier.linkinfo;
  const kind = typeof info === 'object' && info !== null && 'info_kind' in info ? info.info_kind : null;
  return text(carrier, 'link_type') === 'loopback' || kind === 'dummy';
}

/** The table that the first rule for this source leads to. */
function ruleTable(facts: RoutingFacts): string | null {
  for (const rule of rulesFor(facts)) {
    const table = text(rule, 'table');
    if (table !== null) return table;
  }
  return null;
}

function rulesFor(facts: RoutingFacts): readonly Row[] {
  return rows(facts.rules).filter(rule => covers(rule, facts.source));
}

function covers(rule: Row, source: string): boolean {
  const from = text(rule, 'src');
  if (from === null || isIP(from) !== isIP(source)) return false;
  const list = new BlockList();
  const family = isIP(source) === 6 ? 'ipv6' : 'ipv4';
  const prefix = rule.srclen;
  if (typeof prefix === 'number' && prefix >= 0 && prefix <= (family === 'ipv6' ? 128 : 32))
    list.addSubnet(from, prefix, family);
  else list.addAddress(from, family);
  return list.check(source, family);
}
