import { headStartMs } from '../../decision/egress/head-start.ts';
import type { Sighting } from '../../decision/egress/observation.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { Clock } from '../ports.ts';
import type { EgressEntry } from './egress-entry.ts';
import type { HealthKeeper } from './health-keeper.ts';
import type { HostStanding } from './host-standing.ts';
import type { KnownHosts } from './known-hosts.ts';
import type { ProbeSchedule } from './probe-schedule.ts';
import type { Roster } from './roster.ts';
import type { RouteBlame } from './route-blame.ts';
import type { Suspicion } from './suspicion.ts';
import type { RouteTimes } from './time-samples.ts';

type Parts = {
  readonly clock: Clock;
  readonly roster: Roster;
  readonly hosts: KnownHosts;
  readonly connects: RouteTimes;
  readonly blame: RouteBlame;
  readonly health: HealthKeeper;
  readonly standing: HostStanding;
  readonly probes: ProbeSchedule;
  readonly suspicion: Suspicion;
  /** The host may have changed: it is to be looked at. */
  readonly look: () => void;
};

type Life = Extract<Sighting, { kind: 'connected' | 'answered' }>;
type Failure = Extract<Sighting, { kind: 'failed' }>;

/**
 * What deliveries and probes see of the egresses, on its way to all whom it concerns: the times of routes, the hosts that
 * are known to answer, whom a failure is charged to, the health, and who follows up a first sign of death.
 */
export class Sightings {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * `local` and unknown egresses are passed over, and so is what an address of this host said: it crossed no uplink,
   * though a foolish MX record may name it.
   */
  observe(egressId: string, sighting: Sighting): void {
    const { roster, standing, connects, blame, health } = this.#parts;
    const entry = roster.get(egressId);
    if (entry === undefined) return;
    if (standing.staysInside(entry, sighting.to.address)) return;
    switch (sighting.kind) {
      case 'connected':
        connects.add(egressId, sighting.site, sighting.connectMs);
        blame.answered(egressId, sighting.to);
        return this.#lived(entry, sighting);
      case 'answered':
        return this.#lived(entry, sighting);
      case 'failed':
        return this.#failed(entry, sighting);
      case 'silent':
        health.step(entry, sighting);
        void this.suspect(egressId, sighting.site, sighting.to);
        return;
      default:
        sighting satisfies never;
    }
  }

  /** See `EgressMonitor.suspect`. */
  async suspect(
    egressId: string,
    site: string,
    to: HostAddress,
    dueAt = Number.POSITIVE_INFINITY,
  ): Promise<'answers' | 'silent'> {
    const entry = this.#parts.roster.get(egressId);
    if (entry === undefined) return 'answers';
    if (entry.health.state === 'down' || entry.egress === null) return 'silent';
    if (entry.lastLifeAt >= dueAt) return 'answers';
    return this.#parts.suspicion.silence(entry, site, to);
  }

  #lived(entry: EgressEntry, life: Life): void {
    const { clock, roster, hosts, blame, health } = this.#parts;
    entry.lastLifeAt = Math.max(entry.lastLifeAt, life.at);
    const doubted = roster.othersInDoubt(entry);
    // The usual case, thousands of times a second: a reply on an egress that nobody doubts.
    if (
      life.kind === 'answered' &&
      !life.probe &&
      entry.health.state === 'up' &&
      entry.sound &&
      doubted.length === 0
    )
      return;
    const { site, to, at } = life;
    hosts.reached(entry.id, site, to, at, clock.now());
    // Of an uplink whose mail went straight a moment ago, late answers are of other hosts.
    if (entry.uplink.smartHost?.host === to.host) hosts.noteSmartHost(site, to);
    if (life.kind === 'answered' && life.probe) hosts.greeted(site, to, at);
    blame.egressLived(entry, to);
    health.step(entry, life);
    health.review(doubted);
  }

  #failed(entry: EgressEntry, failure: Failure): void {
    const { clock, roster, hosts, blame, health, probes } = this.#parts;
    const { site, to, at, error, overtaken, probe } = failure;
    if (error.kind === 'resources' || (error.kind === 'aborted' && !overtaken)) return;
    // It lost the race before its own usual time was over: that says nothing of it.
    if (overtaken && !probe && failure.waitedMs < this.#usualMs(entry, site)) return;
    if (!probe) entry.tally.failed += 1;
    if (error.kind === 'address_absent') {
      health.step(entry, failure);
      clock.timer(1_000, () => this.#parts.look());
      return;
    }
    if (!overtaken) hosts.failed(entry.id, site, to, at);
    const suspectedBefore = entry.health.suspectedAt;
    health.step(entry, failure);
    if (!overtaken && health.context(entry).unreachedByAll(to)) {
      hosts.noteDead(to, at);
      health.review(roster.othersInDoubt(entry));
    }
    if (!overtaken && entry.lastLifeAt > at - failure.waitedMs) blame.egressLived(entry, null);
    if (entry.health.suspectedAt !== suspectedBefore) probes.arm(entry, 'suspect');
    if (!probe) this.#followUp(entry, failure);
  }

  /** A delivery saw this egress fail where another one reached the host: compare now, and ask a second witness. */
  #followUp(entry: EgressEntry, { site, to, overtaken, waitedMs, reachedBy }: Failure): void {
    if (reachedBy === null) return;
    const elsewhereMs = overtaken ? Math.max(0, waitedMs - this.#usualMs(entry, site)) : 0;
    this.#parts.suspicion.failure(entry, site, to, { reachedBy, elsewhereMs });
  }

  #usualMs(entry: EgressEntry, site: string): number {
    return headStartMs(this.#parts.connects.p95(entry.id, site));
  }
}
