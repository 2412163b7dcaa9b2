import type { HealthContext } from '../../decision/egress/health.ts';
import type { Clock } from '../ports.ts';
import type { EgressEntry } from './egress-entry.ts';
import type { KnownHosts } from './known-hosts.ts';
import type { Roster } from './roster.ts';

/** For how long a failure of the others still says that nobody reaches a host. */
const unreachedForMs = 60_000;

/** What the judgement of one egress may know of the world beside it. `trusted`: our own event loop is on time. */
export function healthContext(
  entry: EgressEntry,
  roster: Roster,
  hosts: KnownHosts,
  clock: Clock,
  trusted: boolean,
): HealthContext {
  const { family } = entry.setting;
  const others = roster.others(entry).map(other => other.id);
  const isBySmartHost = entry.uplink.smartHost !== null;
  const wall = clock.now();
  const since = clock.monotonic() - unreachedForMs;
  return {
    settings: entry.uplink.health,
    othersUsable: roster.hasOthers(entry),
    lastLifeAt: entry.lastLifeAt,
    trusted,
    reachedElsewhere: (to, from, until) =>
      isBySmartHost ? null : hosts.reachedElsewhere(entry.id, to, from, until),
    unreachedByAll: to => hosts.unreachedBy(others, to, since),
    isWitness: to => hosts.isWitness(to, wall, isBySmartHost),
    get witnesses() {
      // Its smart host is all that it reaches, so that alone can speak for it or against it.
      return isBySmartHost ? 1 : hosts.witnesses(family, wall);
    },
  };
}
