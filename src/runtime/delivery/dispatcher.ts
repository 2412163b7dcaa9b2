import type { LocalEgress } from '../../decision/egress/egress.ts';
import type { EgressState, EgressView } from '../../decision/egress/health-state.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { MessageIds } from '../../decision/queue/message-id.ts';
import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import type { Turn } from '../../decision/queue/turn.ts';
import type { RecipientReply } from '../../protocol/smtp/client-session-types.ts';
import { reply } from '../../protocol/smtp/reply.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Network, QueueStore, Random, Timer } from '../ports.ts';
import { AwaitingPreferred } from './awaiting-preferred.ts';
import { ConnectionSlots } from './connection-slots.ts';
import type { DeliveryGate } from './delivery-gate.ts';
import type { EgressGuide, NextHopSource, OutageSource } from './egress-guide.ts';
import { type Found, type Group, grouped } from './group.ts';
import { HostMemory } from './host-memory.ts';
import { InHand, recipientLimit } from './in-hand.ts';
import { Job, recipientsPerTransaction } from './job.ts';
import { type Lane, laneOf } from './lane.ts';
import { type DeliverySettings, Ledger } from './ledger.ts';
import { NextHopSearch } from './next-hop-search.ts';
import type { DeliveryPorts, OpeningEnd } from './opening.ts';
import { Parking } from './parking.ts';
import { ReachAgain } from './reach-again.ts';
import type { HostList } from './route-choice.ts';
import type { Session } from './session.ts';
import { Site, type SiteOwner } from './site.ts';
import { StandingDoubts } from './standing-doubts.ts';
import { leaseMs, StoreFeed } from './store-feed.ts';
import { recipientEvent } from './trace-event.ts';
import { Verdicts } from './verdicts.ts';

/** Parked messages beyond this go back to the store for a while, so that mail of our own store gets its turn. */
const parkedLimit = recipientLimit / 2;
const parkedAwayMs = 30_000;

const sweepMs = 5_000;
const stopMs = 10_000;
/** What a site that has not answered has no place for comes again after about this. */
const stuckAwayMs = 30_000;
/** How often DNS is asked again within one attempt when it gave nothing. */
const lookUpWaitsMs = [500, 2_000, 5_000];
/** A lease that crossed the late answer to a doubt: what is left of it comes again after this. */
const crossedMs = 60_000;

export type DispatcherParts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: QueueStore;
  readonly events: EventStream;
  readonly monitor: EgressGuide;
  readonly finder: NextHopSource;
  readonly outages: OutageSource;
  /** Left out: nothing is kept back. */
  readonly gate?: DeliveryGate;
  readonly ids: MessageIds;
  /** The name under which this node holds leases. */
  readonly owner: string;
  readonly settings: DeliverySettings;
};

/**
 * Attempts what is due: finds the next hop of each recipient, gathers recipients of one message and one site into jobs,
 * and writes down what became of them. Memory is bounded by `room`; what does not fit stays in the store.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #ports: DeliveryPorts;
  readonly #ledger: Ledger;
  readonly #feed: StoreFeed;
  readonly #parking: Parking;
  readonly #doubts = new StandingDoubts();
  readonly #sites = new Map<string, Site>();
  readonly #search: NextHopSearch;
  readonly #awaiting: AwaitingPreferred;
  readonly #verdicts: Verdicts;
  readonly #slots = new ConnectionSlots(() => this.#sites.values());
  readonly #reach = new ReachAgain();
  readonly #inHand = new InHand();
  readonly #siteOwner: SiteOwner = {
    takeSlot: (site, retry) => !this.#stopping && this.#slots.take(site, retry),
    retryOver: () => this.#slots.retryOver(),
    freeSlot: () => this.#slots.free(),
    started: (job, session) => this.#verdicts.started(job, session),
    hedged: (job, candidate, to, waitedMs) => this.#verdicts.hedged(job, candidate, to, waitedMs),
    result: (site, job, session, recipients, dotSent, why) =>
      this.#result(site, job, session, recipients, dotSent, why),
    doubted: (job, session, why) => this.#verdicts.doubted(job, session, why),
    failed: (_site, lane, jobs, end) => this.#failed(lane, jobs, end),
  };
  #settings: DeliverySettings;
  #local: LocalEgress;
  #sweepTimer: Timer | null = null;
  #renewTimer: Timer | null = null;
  #unsubscribe: (() => void) | null = null;
  #stopping = false;

  constructor(parts: DispatcherParts) {
    const { clock, network, store, monitor, events } = parts;
    this.#parts = parts;
    this.#settings = parts.settings;
    this.#local = localEgress(parts.settings);
    const hosts = new HostMemory();
    this.#ports = { clock, network, store, guide: monitor, events, hosts, local: () => this.#local };
    this.#ledger = new Ledger({
      ...parts,
      settings: () => this.#settings,
      hasRoom: () => this.room > 0,
      freed: leased => this.#freed(leased),
      bounced: leased => this.offer(leased),
      due: at => this.#feed.dueAt(at),
    });
    this.#feed = new StoreFeed({
      ...parts,
      limits: () => this.#inHand.limits,
      leased: leased => this.#leased(leased),
    });
    this.#parking = new Parking(
      clock,
      () => monitor.anyUp(),
      group => this.#lookUp(group, 0),
    );
    this.#awaiting = new AwaitingPreferred({ clock, store, woken: () => this.wake() });
    this.#search = new NextHopSearch({
      clock,
      finder: parts.finder,
      found: (found, tries) => this.#found(found, tries),
      parted: (whole, part) => this.#reach.carry(whole, part),
    });
    this.#verdicts = new Verdicts({
      clock,
      events,
      guide: monitor,
      ledger: this.#ledger,
      doubts: this.#doubts,
      awaiting: this.#awaiting,
    });
  }

  /** Begins with what is due; `store.recover` has been called. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#parts.monitor.onChange((view, previous) => this.#egressChanged(view, previous));
    this.#sweepLater();
    this.#renewLater();
    this.#feed.wake();
  }

  /** How many more new recipients are taken at once. */
  get room(): number {
    return this.#stopping ? 0 : this.#inHand.room;
  }

  /** How many more new recipients are taken at once of one sender. */
  roomFor(sender: Turn): number {
    return this.#stopping ? 0 : this.#inHand.roomFor(sender);
  }

  /** Recipients leased to us, to be attempted now. */
  offer(leased: readonly LeasedRecipient[]): void {
    this.#inHand.add(leased);
    const [first] = leased;
    if (first !== undefined && leased.every(({ message }) => message === first.message)) {
      const [, ...rest] = leased;
      return this.#lookUp([first, ...rest], 0);
    }
    for (const group of grouped(leased, ({ message }) => message.id)) this.#lookUp(group, 0);
  }

  /** The store holds something that was not offered. */
  wake(): void {
    this.#feed.wake();
  }

  /** A host is known to answer: what was remembered against it no longer holds. */
  hostAnswers(to: HostAddress): void {
    this.#ports.hosts.noteAlive(to);
  }

  /** A site is known to be away: what is under way there ends now, and waits as the gate says. */
  siteAway(key: string): void {
    const site = this.#sites.get(key);
    if (site === undefined || this.#stopping) return;
    this.#sites.delete(key);
    for (const { recipients } of site.leave()) this.#lookUp(recipients, 0);
  }

  reload(settings: DeliverySettings): void {
    this.#settings = settings;
    this.#local = localEgress(settings);
  }

  /** Finishes what is under way within 10 s and hands back the rest. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#feed.stop();
    this.#parking.close();
    this.#sweepTimer?.cancel();
    this.#renewTimer?.cancel();
    for (const group of this.#search.takeAll()) this.#ledger.handBack(group, null);
    for (const group of this.#parking.takeOut(() => true)) this.#ledger.handBack(group, null);
    for (const site of this.#sites.values())
      for (const job of site.close()) this.#ledger.handBack(job.recipients, null);
    const { clock } = this.#parts;
    const end = clock.monotonic() + stopMs;
    while (clock.monotonic() < end && [...this.#sites.values()].some(site => site.busy > 0))
      await clock.sleep(10);
    for (const site of this.#sites.values())
      for (const job of site.cutShort()) this.#ledger.handBack(job.recipients, null);
    this.#doubts.abandonAll();
    this.#unsubscribe?.();
    const drained = new AbortController();
    void this.#ledger.drain().then(() => drained.abort());
    await clock.sleep(stopMs, drained.signal);
  }

  /** What the store leased to us because it is due. */
  #leased(leased: readonly LeasedRecipient[]): void {
    const { clock } = this.#parts;
    const now = clock.now();
    const due: LeasedRecipient[] = [];
    for (const each of leased) {
      if (!this.#doubts.takeAnswered(each, clock.monotonic())) due.push(each);
      else {
        this.#inHand.add([each]);
        this.#ledger.handBack([each], now + crossedMs);
      }
    }
    for (const each of due) {
      const session = this.#doubts.forget(each);
      session?.abandon();
      if (each.recipient.doubt?.cause !== 'crash') continue;
      const reason = 'Postern ended while this was under way, so it may have arrived; it is sent again.';
      this.#parts.events.emit(recipientEvent(now, each, 'in_doubt', null, { reason }));
    }
    this.offer(due);
  }

  #lookUp(group: Group, tries: number): void {
    if (this.#stopping) this.#ledger.handBack(group, null);
    else this.#search.begin(group, tries);
  }

  #found({ group, hop }: Found, tries: number): void {
    if (this.#stopping) return this.#ledger.handBack(group, null);
    switch (hop.kind) {
      case 'hosts': {
        const site = this.#siteOf(hop.site);
        return this.#assign(site, group, site.know(hop.hosts));
      }
      case 'refused':
        // A resolver that is cut off itself may deny every name.
        if (!this.#parts.monitor.anyUp()) return this.#park(group);
        return this.#verdicts.conclude(group, {
          kind: 'hop_refused',
          reply: reply(hop.code, hop.enhancedStatus, hop.reason),
        });
      case 'defer':
        return this.#notFound(group, hop.reason, tries);
      default:
        hop satisfies never;
    }
  }

  /** DNS gave nothing: without an uplink that is no wonder; else it is asked some more. */
  #notFound(group: Group, reason: string, tries: number): void {
    if (!this.#parts.monitor.anyUp()) return this.#park(group);
    const waitMs = lookUpWaitsMs[tries];
    if (waitMs === undefined) return this.#verdicts.conclude(group, { kind: 'no_next_hop', error: reason });
    this.#search.later(group, waitMs, tries + 1);
  }

  #assign(site: Site, group: Group, hosts: HostList): void {
    const { clock, random, gate } = this.#parts;
    const kept = gate?.holds(site.key, group[0]) ?? null;
    if (kept !== null) return this.#keepBack(group, kept);
    if (site.isStuck && !this.#ledger.hasExpired(group[0]))
      return this.#ledger.putOff(group, clock.now() + stuckAwayMs * (0.5 + random.next()));
    const now = clock.monotonic();
    if (group.length === 1) return site.add(new Job(group, hosts, now), laneOf(group[0]));
    for (const all of grouped(group, each => laneOf(each).key)) {
      const lane = laneOf(all[0]);
      for (let start = 0; start < all.length; start += recipientsPerTransaction) {
        const [head, ...tail] = all.slice(start, start + recipientsPerTransaction);
        if (head === undefined) continue;
        const part: Group = [head, ...tail];
        this.#reach.carry(group, part);
        site.add(new Job(part, hosts, now), lane);
      }
    }
  }

  /** The site is known to be away: it waits without an attempt, and a new message's trace says so. */
  #keepBack(group: Group, { until, reason }: { readonly until: number; readonly reason: string }): void {
    const { message, recipient } = group[0];
    if (this.#ledger.hasExpired(group[0])) return this.#ledger.expire(group);
    if (recipient.attempts === 0 && recipient.nextAttemptAt === message.receivedAt) {
      const now = this.#parts.clock.now();
      for (const each of group)
        this.#parts.events.emit(
          recipientEvent(now, each, 'deferred', null, { reason, blame: 'destination' }),
        );
    }
    this.#ledger.handBack(group, until);
  }

  #siteOf(key: string): Site {
    const known = this.#sites.get(key);
    if (known) return known;
    const site = new Site(key, this.#ports, this.#siteOwner);
    this.#sites.set(key, site);
    return site;
  }

  #result(
    site: Site,
    job: Job,
    session: Session,
    replies: readonly RecipientReply[],
    dotSent: boolean,
    why: string,
  ): void {
    const mayTryAgain = job.mayTryAgain && !this.#stopping;
    const again = this.#verdicts.result(job, session, replies, dotSent, why, mayTryAgain);
    if (again === null) return;
    const { group, tries } = again;
    if (this.#stopping) return this.#ledger.handBack(group, null);
    site.add(new Job(group, job.hosts, job.startedAt, tries), laneOf(group[0]), true);
  }

  #failed(lane: Lane, jobs: readonly Job[], end: Exclude<OpeningEnd, { kind: 'session' }>): void {
    if (end.kind === 'refused' && end.refusal.candidate.standIn)
      this.#verdicts.blameRoute(end.refusal, end.refusal.reply);
    for (const job of jobs) {
      const elapsedMs = this.#parts.clock.monotonic() - job.startedAt;
      switch (end.kind) {
        case 'none':
          if (lane.preferredOnly && this.#parts.monitor.anyUp()) {
            this.#awaiting.add(job.message.id);
            this.#verdicts.conclude(job.recipients, { kind: 'not_tried', error: end.reason });
          } else this.#park(job.recipients);
          break;
        case 'refused': {
          const { stage, reply: said } = end.refusal;
          this.#verdicts.conclude(
            job.recipients,
            { kind: 'replied', stage, reply: said },
            end.refusal,
            elapsedMs,
          );
          break;
        }
        case 'unreached':
          this.#unreached(job, end.error, elapsedMs);
          break;
        case 'aborted':
          this.#ledger.handBack(job.recipients, null);
          break;
        default:
          end satisfies never;
      }
    }
  }

  #unreached(job: Job, error: string, elapsedMs: number): void {
    const group = job.recipients;
    const waitMs = this.#stopping ? null : this.#reach.waitMs(group, elapsedMs);
    if (waitMs === null) return this.#verdicts.conclude(group, { kind: 'unreached', error }, null, elapsedMs);
    this.#reach.began(group);
    this.#parts.clock.timer(waitMs, () => this.#reach.ended(group));
    this.#search.later(group, waitMs, 0);
  }

  /** No uplink can take it now: it waits without an attempt. */
  #park(group: Group): void {
    if (this.#stopping) return this.#ledger.handBack(group, null);
    if (this.#ledger.hasExpired(group[0])) return this.#ledger.expire(group);
    if (this.#parking.recipients + group.length <= parkedLimit) return this.#parking.add(group);
    this.#ledger.handBack(group, this.#parts.clock.now() + parkedAwayMs * (0.5 + this.#parts.random.next()));
  }

  #egressChanged(view: EgressView, previous: EgressState): void {
    if (view.state === 'down') for (const site of this.#sites.values()) site.egressDown(view.id);
    else if (view.state === 'drained') for (const site of this.#sites.values()) site.egressDrained(view.id);
    else if (previous === 'down' || previous === 'drained') this.#cameBack();
    else if (previous === 'degraded') void this.#awaiting.wake();
  }

  #cameBack(): void {
    this.#ports.hosts.forgetAll();
    const now = this.#parts.clock.monotonic();
    for (const site of this.#sites.values()) site.sweep(now);
    this.#parking.open();
    void this.#awaiting.wake();
  }

  #freed(leased: readonly LeasedRecipient[]): void {
    this.#inHand.remove(leased);
    this.#feed.roomFreed();
  }

  #sweepLater(): void {
    this.#sweepTimer = this.#parts.clock.timer(sweepMs, () => {
      const now = this.#parts.clock.monotonic();
      for (const [key, site] of this.#sites) {
        site.sweep(now);
        if (site.isEmpty) this.#sites.delete(key);
      }
      const expired = this.#parking.takeOut(([first]) => this.#ledger.hasExpired(first));
      for (const group of expired) this.#ledger.expire(group);
      const untold = this.#parking.takeOut(group => this.#ledger.owesNotice(group));
      this.#ledger.handBack(untold.flat(), null);
      this.#sweepLater();
    });
  }

  #renewLater(): void {
    const { clock, store, owner } = this.#parts;
    this.#renewTimer = clock.timer(leaseMs / 3, () => {
      if (!this.#inHand.isEmpty) void store.renew(owner, clock.now() + leaseMs);
      this.#renewLater();
    });
  }
}

const localEgress = ({ hostname }: DeliverySettings): LocalEgress => ({
  kind: 'local',
  id: 'local',
  ehlo: hostname,
});
