import { isIP } from 'node:net';
import type { UplinkSetting } from '../egress/egress.ts';
import type { EgressSnapshot, EgressState, EgressView } from '../egress/health-state.ts';
import type { DnsServerSetting } from './dns-server.ts';
import { isLocalAddress } from './local-address.ts';

/** One way to ask: a resolver, and the address that the question leaves from (null: unbound, for what is near). */
export type DnsPath = {
  /** Under which it is remembered how this way did. */
  readonly key: string;
  readonly server: DnsServerSetting;
  /** The egress that it leaves by; null: unbound. */
  readonly egressId: string | null;
  readonly source: string | null;
};

/** Ways that one question is asked by, at most. */
export const maxPaths = 8;

const order: Record<EgressState, number> = { up: 0, unknown: 0, degraded: 1, drained: 2, down: 3 };

/**
 * The ways to ask a question, in the order to try them.
 * A resolver bound to an uplink is asked only from that uplink's addresses; one on loopback or in a private network
 * unbound, and so is any other where no egress is configured; else it is asked from each egress of its family. Ways
 * through egresses that are up come first, those through dead ones last (port 25 may be all that is dead), and
 * neighbours in the order use different uplinks, for what one uplink swallows the next must answer. Ways that
 * `isSilent` names, which gave no answer lately, come after the others of their kind, and the way that `lastGood` names
 * before them.
 */
export function orderDnsPaths(
  servers: readonly DnsServerSetting[],
  snapshot: EgressSnapshot,
  history: { readonly lastGood: string | null; readonly isSilent: (key: string) => boolean },
): readonly DnsPath[] {
  const views = snapshot.egresses.toSorted((one, other) => one.preference - other.preference);
  const ways: { path: DnsPath; class: number; turn: number }[] = [];
  const turns = new Map<string, number>();
  for (const server of servers) {
    const unbound = server.uplink === null && (views.length === 0 || isLocalAddress(server.address));
    for (const view of unbound ? [null] : views) {
      const path = pathOf(server, view);
      if (path === null) continue;
      const rank = (view === null ? 0 : order[view.state]) * 2 + (history.isSilent(path.key) ? 1 : 0);
      const group = `${view?.uplink ?? ''} ${rank}`;
      const turn = turns.get(group) ?? 0;
      turns.set(group, turn + 1);
      ways.push({ path, class: rank, turn: path.key === history.lastGood ? -1 : turn });
    }
  }
  return ways
    .toSorted((one, other) => one.class - other.class || one.turn - other.turn)
    .slice(0, maxPaths)
    .map(({ path }) => path);
}

/** Null: this server is not asked through this egress. */
function pathOf(server: DnsServerSetting, view: EgressView | null): DnsPath | null {
  const to = `${server.address}:${server.port}`;
  if (view === null) return { key: to, server, egressId: null, source: null };
  const { egress } = view;
  if (egress === null || isIP(server.address) !== egress.family) return null;
  if (server.uplink !== null && server.uplink !== view.uplink) return null;
  return { key: `${view.id}>${to}`, server, egressId: view.id, source: egress.source };
}

/**
 * The resolvers to ask: the configured ones, then the uplinks' own. The system's stand in for the configured ones
 * unless every uplink has its own. An uplink's own are never trusted for DNSSEC.
 */
export function dnsServersOf(
  configured: readonly DnsServerSetting[],
  uplinks: readonly UplinkSetting[],
  system: readonly DnsServerSetting[],
): readonly DnsServerSetting[] {
  const own = uplinks.flatMap(({ name, dns }) =>
    dns.map(({ address, port }) => ({ address, port, uplink: name, trustAd: false })),
  );
  const everyUplinkHasOwn = uplinks.length > 0 && uplinks.every(uplink => uplink.dns.length > 0);
  if (configured.length > 0) return [...configured, ...own];
  return everyUplinkHasOwn ? own : [...own, ...system];
}
