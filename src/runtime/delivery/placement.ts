import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Random } from '../ports.ts';
import type { DeliveryGate } from './delivery-gate.ts';
import { type Group, grouped } from './group.ts';
import { Job, recipientsPerTransaction } from './job.ts';
import type { Lane } from './lane.ts';
import type { Ledger } from './ledger.ts';
import type { NextHopSearch } from './next-hop-search.ts';
import type { ReachAgain } from './reach-again.ts';
import type { HostList } from './route-choice.ts';
import type { Site } from './site.ts';
import { type SmartHosts, siteOfSmartHost } from './smart-hosts.ts';
import { recipientEvent } from './trace-event.ts';
import type { UplinkLimits } from './uplink-limits.ts';
import type { Verdicts } from './verdicts.ts';
import type { ToSmartHost, Ways } from './ways.ts';

/** What a site that has not answered has no place for comes again after about this. */
const stuckAwayMs = 30_000;
/** A message whose way is another one now is chosen a way for after this. */
export const chooseAgainMs = 20;

export type PlacementParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventStream;
  readonly ledger: Ledger;
  readonly verdicts: Verdicts;
  readonly search: NextHopSearch;
  readonly reach: ReachAgain;
  readonly ways: Ways;
  readonly smartHosts: SmartHosts;
  readonly limits: UplinkLimits;
  readonly gate: DeliveryGate | undefined;
  readonly siteOf: (key: string) => Site;
};

/** Puts groups into the line of the site that they go to: of their domain's hosts, or of a smart host. */
export class Placement {
  readonly #parts: PlacementParts;

  constructor(parts: PlacementParts) {
    this.#parts = parts;
  }

  /** Finds its way from the beginning. `tries`: how often its next hop was looked up within this attempt. */
  begin(group: Group, tries: number): void {
    const { ways, search, reach } = this.#parts;
    if (ways.isPlain) return search.begin(group, tries);
    for (const { group: part, route } of ways.routed(group)) {
      reach.carry(group, part);
      if (route?.smartHost == null) search.begin(part, tries);
      else
        this.#byLane(part, each => ways.laneToRoute(route, each)).forEach(([some, lane]) => {
          if (route.smartHost)
            this.#toSmartHost(some, { kind: 'smart_host', smartHost: route.smartHost, lane });
        });
    }
  }

  /** To the hosts that its domain has. */
  assign(site: Site, group: Group, hosts: HostList): void {
    const { gate, ways, clock, random, ledger } = this.#parts;
    const kept = gate?.holds(site.key, group[0]) ?? null;
    if (kept !== null) return this.#keepBack(group, kept);
    if (site.isStuck && !ledger.hasExpired(group[0]))
      return ledger.putOff(group, clock.now() + stuckAwayMs * (0.5 + random.next()));
    for (const [part, lane] of this.#byLane(group, each => ways.laneOf(each))) {
      if (ways.isPlain) {
        this.#add(site, part, hosts, lane);
        continue;
      }
      const way = ways.choose(lane, site.key, hosts);
      if (way.kind === 'smart_host') this.#toSmartHost(part, way);
      else this.#add(site, part, hosts, way.lane);
    }
  }

  /** DNS says nothing of its domain. True: it goes to a smart host, which needs nothing of DNS. */
  assignBlind(group: Group): boolean {
    const way = this.#parts.ways.chooseBlind(group[0]);
    if (way === null) return false;
    this.#toSmartHost(group, way);
    return true;
  }

  /** An uplink has changed: what waits goes where it would go now. */
  chooseAgain(sites: Iterable<Site>): void {
    const { ways } = this.#parts;
    if (!ways.hasSmartHosts) return;
    const jobs = [...sites].flatMap(site =>
      site.takeWaiting((lane, hosts) => lane.way !== null || ways.isThroughSmartHost(lane, site.key, hosts)),
    );
    for (const job of jobs) this.begin(job.recipients, 0);
  }

  /** The ways are other ones now: all that waits goes where it would go now. */
  chooseAllAgain(sites: Iterable<Site>): void {
    const jobs = [...sites].flatMap(site => site.takeWaiting(() => true));
    for (const job of jobs) this.begin(job.recipients, 0);
  }

  #toSmartHost(group: Group, way: ToSmartHost): void {
    const { search, smartHosts, ways, verdicts, siteOf, ledger, reach } = this.#parts;
    const { smartHost, lane } = way;
    search.until(group, smartHosts.find(smartHost, ways.isNear(lane)), found => {
      if (found.kind === 'waits') {
        // That is known against it now, so an uplink's mail finds another way, if there is one.
        if (lane.way !== null && reach.takeTry(group, 0) !== null)
          return search.later(group, chooseAgainMs, 0);
        return verdicts.conclude(group, { kind: 'not_tried', error: found.reason });
      }
      const site = siteOf(siteOfSmartHost(smartHost));
      // Each by itself: mail of others for the same destinations may go another way.
      if (site.isStuck && !ledger.hasExpired(group[0]))
        return verdicts.isOurs(
          group,
          `${smartHost.host} has not answered for a while, and much mail waits for it.`,
          0,
        );
      this.#add(site, group, found.hosts, lane);
    });
  }

  #add(site: Site, group: Group, hosts: HostList, lane: Lane): void {
    const { clock, reach, limits, ways, verdicts } = this.#parts;
    const uplink = limits.hasRates ? ways.firstUplink(lane, site.key, hosts) : null;
    const overflow = uplink === null ? null : limits.overflow(uplink);
    if (overflow !== null) return verdicts.conclude(group, { kind: 'not_tried', error: overflow });
    const now = clock.monotonic();
    if (group.length <= recipientsPerTransaction) return site.add(new Job(group, hosts, now), lane);
    for (let start = 0; start < group.length; start += recipientsPerTransaction) {
      const [head, ...tail] = group.slice(start, start + recipientsPerTransaction);
      if (head === undefined) continue;
      const part: Group = [head, ...tail];
      reach.carry(group, part);
      site.add(new Job(part, hosts, now), lane);
    }
  }

  #byLane(group: Group, laneFor: (each: LeasedRecipient) => Lane): (readonly [Group, Lane])[] {
    if (group.length === 1) return [[group, laneFor(group[0])]];
    const parts = grouped(group, each => laneFor(each).key);
    return parts.map(part => {
      this.#parts.reach.carry(group, part);
      return [part, laneFor(part[0])] as const;
    });
  }

  /** The site is known to be away: it waits without an attempt, and a new message's trace says so. */
  #keepBack(group: Group, { until, reason }: { readonly until: number; readonly reason: string }): void {
    const { ledger, clock, events } = this.#parts;
    const { message, recipient } = group[0];
    if (ledger.hasExpired(group[0])) return ledger.expire(group);
    if (recipient.attempts === 0 && recipient.nextAttemptAt === message.receivedAt) {
      const now = clock.now();
      for (const each of group)
        events.emit(recipientEvent(now, each, 'deferred', null, { reason, blame: 'destination' }));
    }
    ledger.handBack(group, until);
  }
}
