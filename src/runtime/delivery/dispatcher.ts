import { type LocalEgress, localEgress } from '../../decision/egress/egress.ts';
import type { EgressState, EgressView } from '../../decision/egress/health-state.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { MessageIds } from '../../decision/queue/message-id.ts';
import { type LeasedRecipient, leaseMs } from '../../decision/queue/queued.ts';
import type { Turn } from '../../decision/queue/turn.ts';
import { reply } from '../../protocol/smtp/reply.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Files, Network, QueueStore, Random, Timer } from '../ports.ts';
import { Answers } from './answers.ts';
import { AwaitingPreferred } from './awaiting-preferred.ts';
import { ConnectionSlots } from './connection-slots.ts';
import type { DeliveryGate } from './delivery-gate.ts';
import type { EgressGuide, NextHopSource, OutageSource } from './egress-guide.ts';
import { type Found, type Group, grouped } from './group.ts';
import { HostMemory } from './host-memory.ts';
import { IdleSessions } from './idle-sessions.ts';
import { InHand } from './in-hand.ts';
import type { Job } from './job.ts';
import type { Lane } from './lane.ts';
import { type DeliverySettings, Ledger } from './ledger.ts';
import { NextHopSearch } from './next-hop-search.ts';
import type { DeliveryPorts } from './opening.ts';
import { Parking } from './parking.ts';
import { Placement } from './placement.ts';
import { ReachAgain } from './reach-again.ts';
import type { HostList } from './route-choice.ts';
import type { Session } from './session.ts';
import { Shares } from './shares.ts';
import { Site } from './site.ts';
import type { SiteOwner } from './site-owner.ts';
import { SmartHosts } from './smart-hosts.ts';
import { StandingDoubts } from './standing-doubts.ts';
import { StoreFeed } from './store-feed.ts';
import { recipientEvent } from './trace-event.ts';
import { Unserved } from './unserved.ts';
import { UplinkLimits } from './uplink-limits.ts';
import { Verdicts } from './verdicts.ts';
import { type WaySettings, Ways } from './ways.ts';

const sweepMs = 5_000;
const stopMs = 10_000;
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
  readonly files: Files;
  /** The addresses of a smart host's name; none where it has none or the name service is silent. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  /** Left out: nothing is kept back. */
  readonly gate?: DeliveryGate;
  readonly ids: MessageIds;
  /** The name under which this node holds leases. */
  readonly owner: string;
  readonly settings: DispatcherSettings;
};

export type DispatcherSettings = DeliverySettings & WaySettings;

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
  readonly #idle = new IdleSessions();
  readonly #slots = new ConnectionSlots(this.#idle);
  readonly #reach = new ReachAgain();
  readonly #placement: Placement;
  readonly #unserved: Unserved;
  readonly #answers: Answers;
  readonly #ways: Ways;
  readonly #smartHosts: SmartHosts;
  readonly #shares = new Shares();
  readonly #limits: UplinkLimits;
  readonly #inHand = new InHand();
  readonly #siteOwner: SiteOwner<Site> = {
    idle: this.#idle,
    takeSlot: (site, retry) => !this.#stopping && this.#slots.take(site, retry),
    retryOver: () => this.#slots.retryOver(),
    freeSlot: () => this.#slots.free(),
    takeTurn: (site, session) => this.#takeTurn(site, session),
    mayConnect: (site, lane, hosts) => this.#mayConnect(site, lane, hosts),
    started: (job, session, inLine) => this.#started(job, session, inLine),
    hedged: (job, candidate, to, waitedMs) => this.#verdicts.hedged(job, candidate, to, waitedMs),
    result: (site, lane, job, session, recipients, dotSent, why) =>
      this.#answers.take(site, lane, job, session, recipients, dotSent, why),
    doubted: (job, session, why) => this.#verdicts.doubted(job, session, why),
    failed: (site, lane, jobs, end) => this.#unserved.failed(site, lane, jobs, end),
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
    this.#local = localEgress(parts.settings.hostname);
    const hosts = new HostMemory();
    this.#limits = new UplinkLimits(clock, () => monitor.snapshot());
    const counted = this.#limits.counted(network);
    this.#ports = { clock, network: counted, store, guide: monitor, events, hosts, local: () => this.#local };
    this.#smartHosts = new SmartHosts(parts);
    this.#ways = new Ways(this.#ports, this.#smartHosts, this.#shares);
    this.#ways.configure(parts.settings);
    this.#limits.configure(parts.settings.uplinks);
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
      () => monitor.anyUsable(),
      group => this.#lookUp(group, 0),
    );
    this.#awaiting = new AwaitingPreferred({ clock, store, woken: () => this.wake() });
    this.#search = new NextHopSearch({
      clock,
      finder: parts.finder,
      found: (found, tries) => this.#found(found, tries),
      parted: (whole, part) => this.#reach.carry(whole, part),
      later: (group, tries) => this.#lookUp(group, tries),
    });
    this.#verdicts = new Verdicts({
      clock,
      events,
      guide: monitor,
      ledger: this.#ledger,
      doubts: this.#doubts,
      awaiting: this.#awaiting,
    });
    this.#unserved = new Unserved({
      ...parts,
      guide: monitor,
      ledger: this.#ledger,
      verdicts: this.#verdicts,
      awaiting: this.#awaiting,
      parking: this.#parking,
      search: this.#search,
      reach: this.#reach,
      ways: this.#ways,
      smartHosts: this.#smartHosts,
    });
    this.#answers = new Answers({
      guide: monitor,
      hosts,
      ledger: this.#ledger,
      verdicts: this.#verdicts,
      smartHosts: this.#smartHosts,
    });
    this.#placement = new Placement({
      ...parts,
      gate: parts.gate,
      ledger: this.#ledger,
      verdicts: this.#verdicts,
      search: this.#search,
      reach: this.#reach,
      ways: this.#ways,
      smartHosts: this.#smartHosts,
      limits: this.#limits,
      siteOf: key => this.#siteOf(key),
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

  /** How much is taken of what is bounded: nothing, where nothing is under way. */
  get inUse(): Readonly<Record<string, number>> {
    return {
      ...this.#inHand.inUse,
      ...this.#slots.inUse,
      idleSessions: this.#idle.count,
      uplinkConnections: this.#limits.connections,
      waiting: this.#reach.waiting,
      parked: this.#parking.recipients,
    };
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

  reload(settings: DispatcherSettings): void {
    this.#settings = settings;
    this.#local = localEgress(settings.hostname);
    const { isPlain: wasPlain } = this.#ways;
    this.#ways.configure(settings);
    this.#limits.configure(settings.uplinks);
    if (!wasPlain || !this.#ways.isPlain) this.#placement.chooseAllAgain(this.#sites.values());
  }

  /** For a while this uplink carries so much (0 to 1) of each site's mail, if it is sound. Gives the way to end it. */
  favour(uplink: string, share: number): () => void {
    return this.#shares.favour(uplink, share);
  }

  /** Finishes what is under way within 10 s and hands back the rest. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#unserved.stop();
    this.#answers.stop();
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
    this.#limits.close();
    this.#smartHosts.close();
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
    else this.#placement.begin(group, tries);
  }

  #found({ group, hop }: Found, tries: number): void {
    if (this.#stopping) return this.#ledger.handBack(group, null);
    switch (hop.kind) {
      case 'hosts': {
        const site = this.#siteOf(hop.site);
        return this.#placement.assign(site, group, site.know(hop.hosts));
      }
      case 'refused':
        // A resolver that is cut off itself may deny every name.
        if (!this.#parts.monitor.anyUsable()) return this.#unserved.park(group);
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
    if (this.#placement.assignBlind(group)) return;
    if (!this.#parts.monitor.anyUsable()) return this.#unserved.park(group);
    const waitMs = lookUpWaitsMs[tries];
    if (waitMs === undefined) return this.#verdicts.conclude(group, { kind: 'no_next_hop', error: reason });
    this.#search.later(group, waitMs, tries + 1);
  }

  #siteOf(key: string): Site {
    const known = this.#sites.get(key);
    if (known) return known;
    const site = new Site(key, this.#ports, this.#siteOwner);
    this.#sites.set(key, site);
    return site;
  }

  #takeTurn(site: Site, { candidate: { egress } }: Session): boolean {
    return egress.kind === 'local' || this.#limits.takeTurn(egress.uplink, site);
  }

  /** Where all connections of an uplink are in use, an idle one of another site makes room. */
  #mayConnect(site: Site, lane: Lane, hosts: HostList): boolean {
    if (!this.#limits.hasConnections) return true;
    const uplink = this.#ways.firstUplink(lane, site.key, hosts);
    if (uplink === null || this.#limits.mayConnect(uplink, site)) return true;
    this.#idle.dismissLongest(
      ({ candidate: { egress } }) => egress.kind === 'uplink' && egress.uplink === uplink,
    );
    return false;
  }

  #started(job: Job, session: Session, inLine: boolean): void {
    const { egress } = session.candidate;
    const line = inLine && egress.kind === 'uplink' ? this.#limits.lineText(egress.uplink) : null;
    const waitedMs = this.#parts.clock.monotonic() - job.startedAt;
    this.#verdicts.started(
      job,
      session,
      line === null ? '' : `, after ${seconds(waitedMs)} in line for ${line}`,
    );
  }

  #egressChanged(view: EgressView, previous: EgressState): void {
    this.#egressMoved(view, previous);
    this.#placement.chooseAgain(this.#sites.values());
  }

  #egressMoved(view: EgressView, previous: EgressState): void {
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

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;
