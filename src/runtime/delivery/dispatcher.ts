import type { Candidate } from '../../decision/egress/choice.ts';
import type { LocalEgress } from '../../decision/egress/egress.ts';
import type { EgressState, EgressView } from '../../decision/egress/health-state.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { NextHop } from '../../decision/next-hop/next-hop.ts';
import type { AttemptContext, AttemptEnd } from '../../decision/queue/attempt.ts';
import type { MessageIds } from '../../decision/queue/message-id.ts';
import { outcomeOf } from '../../decision/queue/outcome.ts';
import type { LeasedRecipient, MessageId } from '../../decision/queue/queued.ts';
import { domainOf } from '../../protocol/smtp/address.ts';
import type { RecipientReply } from '../../protocol/smtp/client-session-types.ts';
import { type Reply, reply, replyText } from '../../protocol/smtp/reply.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Network, QueueStore, Random, Timer } from '../ports.ts';
import { AwaitingPreferred } from './awaiting-preferred.ts';
import { ConnectionSlots } from './connection-slots.ts';
import type { DeliveryGate } from './delivery-gate.ts';
import type { EgressGuide, NextHopSource, OutageSource } from './egress-guide.ts';
import { HostMemory } from './host-memory.ts';
import { Job, recipientsPerTransaction } from './job.ts';
import { type DeliverySettings, type Entry, Ledger } from './ledger.ts';
import type { DeliveryPorts, OpeningEnd } from './opening.ts';
import { type Group, Parking } from './parking.ts';
import { backupsOf, type HostList, type Lane, laneOf } from './route-choice.ts';
import type { Session } from './session.ts';
import { Site, type SiteOwner } from './site.ts';
import { StandingDoubts } from './standing-doubts.ts';
import { leaseMs, StoreFeed } from './store-feed.ts';
import { type RouteTaken, recipientEvent } from './trace-event.ts';

/** Recipients in memory at a time, and the bytes of their bodies. */
const recipientLimit = 10_000;
const byteLimit = 128 * 1024 * 1024;
/** Parked messages beyond this go back to the store for a while, so that mail of our own store gets its turn. */
const parkedLimit = recipientLimit / 2;
const parkedAwayMs = 30_000;

const sweepMs = 5_000;
const stopMs = 10_000;
/** What waits in memory for a site that nobody reached, before its next try; more are put off at once. */
const retryingLimit = 1_000;
/** What a site that has not answered has no place for comes again after about this. */
const stuckAwayMs = 30_000;
/** How often DNS is asked again within one attempt when it gave nothing. */
const lookUpWaitsMs = [500, 2_000, 5_000];
/**
 * A site that could not be reached is tried again within the attempt, for it takes a moment until it is known that it
 * was our uplinks and not the site; not where the failure itself took long.
 */
const reachWaitsMs = [3_000, 7_000];
const quickFailureMs = 10_000;
/** How long the domains of one message wait for each other's look-ups, so that those of one site share a transaction. */
const gatherMs = 250;
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
  readonly #doubts: StandingDoubts;
  readonly #sites = new Map<string, Site>();
  /** Groups whose next hop is being looked up. */
  readonly #lookingUp = new Set<Group>();
  readonly #awaiting: AwaitingPreferred;
  readonly #slots = new ConnectionSlots(() => this.#sites.values());
  readonly #unreachedTries = new WeakMap<Group, number>();
  readonly #siteOwner: SiteOwner = {
    takeSlot: site => !this.#stopping && this.#slots.take(site),
    freeSlot: () => this.#slots.free(),
    started: (job, session) => this.#started(job, session),
    hedged: (job, candidate, to, waitedMs) => this.#hedged(job, candidate, to, waitedMs),
    result: (site, job, session, recipients, dotSent, why) =>
      this.#result(site, job, session, recipients, dotSent, why),
    doubted: (job, session) => this.#doubted(job, session),
    failed: (_site, lane, jobs, end) => this.#failed(lane, jobs, end),
  };
  #settings: DeliverySettings;
  #local: LocalEgress;
  /** Recipients of groups that wait for another quick try. */
  #retrying = 0;
  #held = 0;
  /** By message: how many of its recipients are in hand, who share one body. */
  readonly #bodies = new Map<MessageId, number>();
  #heldBytes = 0;
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
      room: () => this.room,
      leased: leased => this.#leased(leased),
    });
    this.#parking = new Parking(
      clock,
      () => monitor.anyUp(),
      group => this.#lookUp(group, 0),
    );
    this.#doubts = new StandingDoubts();
    this.#awaiting = new AwaitingPreferred({ clock, store, woken: () => this.wake() });
  }

  /** Begins with what is due; `store.recover` has been called. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#parts.monitor.onChange((view, previous) => this.#egressChanged(view, previous));
    this.#sweepLater();
    this.#renewLater();
    this.#feed.wake();
  }

  /** How many more recipients are taken at once. */
  get room(): number {
    if (this.#stopping || this.#heldBytes >= byteLimit) return 0;
    return Math.max(0, recipientLimit - this.#held);
  }

  /** Recipients leased to us, to be attempted now. */
  offer(leased: readonly LeasedRecipient[]): void {
    for (const each of leased) this.#hold(each, 1);
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
    for (const group of this.#lookingUp) this.#ledger.handBack(group, null);
    this.#lookingUp.clear();
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
        this.#hold(each, 1);
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
    if (this.#stopping) return this.#ledger.handBack(group, null);
    const domain = domainOf(group[0].recipient.forwardPath);
    if (group.some(({ recipient }) => domainOf(recipient.forwardPath) !== domain))
      return this.#lookUpEach(group, tries);
    this.#lookingUp.add(group);
    void this.#parts.finder.find(domain).then(hop => {
      if (this.#lookingUp.delete(group)) this.#found(group, hop, tries);
    });
  }

  /** Several domains: those of one site go together, and one that is slow to look up keeps nobody waiting. */
  #lookUpEach(group: Group, tries: number): void {
    const byDomain = grouped(group, ({ recipient }) => domainOf(recipient.forwardPath));
    const unreachedTries = this.#unreachedTries.get(group) ?? 0;
    const pass = (found: readonly Found[]): void => {
      for (const { part, hop } of bySite(found.filter(one => this.#lookingUp.delete(one.part)))) {
        if (unreachedTries > 0) this.#unreachedTries.set(part, unreachedTries);
        this.#found(part, hop, tries);
      }
    };
    let gathering: Found[] | null = [];
    const passGathered = (): void => {
      const found = gathering ?? [];
      gathering = null;
      late.cancel();
      pass(found);
    };
    const late = this.#parts.clock.timer(gatherMs, passGathered);
    for (const part of byDomain) {
      this.#lookingUp.add(part);
      void this.#parts.finder.find(domainOf(part[0].recipient.forwardPath)).then(hop => {
        if (gathering === null) return pass([{ part, hop }]);
        gathering.push({ part, hop });
        if (gathering.length === byDomain.length) passGathered();
      });
    }
  }

  #found(group: Group, hop: NextHop, tries: number): void {
    if (this.#stopping) return this.#ledger.handBack(group, null);
    switch (hop.kind) {
      case 'hosts': {
        const site = this.#siteOf(hop.site);
        return this.#assign(site, group, site.know(hop.hosts));
      }
      case 'refused':
        // A resolver that is cut off itself may deny every name.
        if (!this.#parts.monitor.anyUp()) return this.#park(group);
        return this.#conclude(group, {
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
    if (waitMs === undefined) return this.#conclude(group, { kind: 'no_next_hop', error: reason });
    this.#lookUpLater(group, waitMs, tries + 1);
  }

  #assign(site: Site, group: Group, hosts: HostList): void {
    const { clock, random, gate } = this.#parts;
    const kept = gate?.holds(site.key, group[0]) ?? null;
    if (kept !== null) return this.#keepBack(group, kept);
    if (site.isStuck && !this.#ledger.hasExpired(group[0].message))
      return this.#ledger.handBack(group, clock.now() + stuckAwayMs * (0.5 + random.next()));
    const now = clock.monotonic();
    if (group.length === 1) return site.add(new Job(group, hosts, now), laneOf(group[0]));
    const tries = this.#unreachedTries.get(group) ?? 0;
    for (const all of grouped(group, each => laneOf(each).key)) {
      const lane = laneOf(all[0]);
      for (let start = 0; start < all.length; start += recipientsPerTransaction) {
        const [head, ...tail] = all.slice(start, start + recipientsPerTransaction);
        if (head === undefined) continue;
        const part: Group = [head, ...tail];
        if (tries > 0) this.#unreachedTries.set(part, tries);
        site.add(new Job(part, hosts, now), lane);
      }
    }
  }

  /** The site is known to be away: it waits without an attempt, and a new message's trace says so. */
  #keepBack(group: Group, { until, reason }: { readonly until: number; readonly reason: string }): void {
    const { message, recipient } = group[0];
    if (this.#ledger.hasExpired(message)) return this.#ledger.expire(group);
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

  /** An end that concerns whole groups, reached on no session. */
  #conclude(group: Group, end: AttemptEnd, refusedBy: RouteTaken | null = null, elapsedMs = 0): void {
    const context: AttemptContext = {
      standIn: refusedBy?.candidate.standIn ?? false,
      othersTaken: false,
      sessionUsed: false,
      mayTryAgain: false,
    };
    const outcome = outcomeOf(end, context);
    if (outcome.kind === 'again') return;
    if (outcome.kind === 'awaits_preferred') this.#awaiting.add(group[0].message.id);
    const entries = group.map((leased): Entry => ({ leased, end, outcome }));
    this.#ledger.settle(entries, { route: refusedBy, elapsedMs, dotAt: null });
  }

  #started(job: Job, session: Session): void {
    const now = this.#parts.clock.now();
    const { reason } = session.candidate;
    for (const each of job.recipients)
      this.#parts.events.emit(recipientEvent(now, each, 'attempt', session, { reason }));
  }

  #hedged(job: Job, candidate: Candidate, to: HostAddress, waitedMs: number): void {
    const now = this.#parts.clock.now();
    const reason = `${to.host} has not answered the preferred egress; this one starts beside it.`;
    const told = { reason, elapsedMs: Math.round(waitedMs) };
    for (const each of job.recipients)
      this.#parts.events.emit(recipientEvent(now, each, 'hedged', { candidate, to }, told));
  }

  #result(
    site: Site,
    job: Job,
    session: Session,
    replies: readonly RecipientReply[],
    dotSent: boolean,
    why: string,
  ): void {
    const entries: Entry[] = [];
    const again: LeasedRecipient[] = [];
    let tries = job.tries;
    const mayTryAgain = job.mayTryAgain && !this.#stopping;
    job.recipients.forEach((leased, place) => {
      const said = replies[place] ?? { stage: 'idle', reply: null };
      const end = endOf(said, dotSent, why);
      const outcome = outcomeOf(end, {
        standIn: session.candidate.standIn,
        othersTaken: replies.some(other => other !== said && wasTaken(other)),
        sessionUsed: session.carried > 0,
        mayTryAgain,
      });
      if (outcome.kind === 'again') {
        again.push(leased);
        if (end.kind === 'broken' || said.reply?.code === 421) tries = job.tries + 1;
        return;
      }
      if (outcome.kind === 'awaits_preferred' && said.reply) this.#blameRoute(session, said.reply);
      if (outcome.kind === 'awaits_preferred') this.#awaiting.add(job.message.id);
      entries.push({ leased, end, outcome });
    });
    const made = { route: session, elapsedMs: session.jobMs, dotAt: session.dotAt };
    if (job.doubted) return this.#answeredLate(job, entries, made);
    if (entries.length > 0) this.#ledger.settle(entries, made);
    const [first, ...rest] = again;
    if (first === undefined) return;
    if (this.#stopping) return this.#ledger.handBack(again, null);
    site.add(new Job([first, ...rest], job.hosts, job.startedAt, tries), laneOf(first), true);
  }

  /** The answer to a doubt came after all, unless the message is on its way again already. */
  #answeredLate(job: Job, entries: readonly Entry[], made: Parameters<Ledger['settle']>[1]): void {
    const sure = entries.filter(
      ({ leased, outcome }) => this.#doubts.forget(leased) !== null && outcome.kind !== 'in_doubt',
    );
    const now = this.#parts.clock.monotonic();
    for (const { leased } of sure) this.#doubts.noteAnswered(leased, now);
    if (sure.length > 0) this.#ledger.settle(sure, made, true);
  }

  #doubted(job: Job, session: Session): void {
    const error = `${session.candidate.egress.id} went down before the answer came.`;
    const end: AttemptEnd = { kind: 'broken', stage: 'dot', dotSent: true, error };
    const outcome = {
      kind: 'in_doubt',
      reason: `The message was sent whole and no answer came: ${error}`,
    } as const;
    for (const leased of job.recipients) this.#doubts.note(leased, session);
    const made = { route: session, elapsedMs: session.jobMs, dotAt: session.dotAt };
    this.#ledger.settle(
      job.recipients.map(leased => ({ leased, end, outcome })),
      made,
    );
  }

  #failed(lane: Lane, jobs: readonly Job[], end: Exclude<OpeningEnd, { kind: 'session' }>): void {
    if (end.kind === 'refused' && end.refusal.candidate.standIn)
      this.#blameRoute(end.refusal, end.refusal.reply);
    for (const job of jobs) {
      const elapsedMs = this.#parts.clock.monotonic() - job.startedAt;
      switch (end.kind) {
        case 'none':
          if (lane.preferredOnly && this.#parts.monitor.anyUp()) {
            this.#awaiting.add(job.message.id);
            this.#conclude(job.recipients, { kind: 'not_tried', error: end.reason });
          } else this.#park(job.recipients);
          break;
        case 'refused': {
          const { stage, reply: said } = end.refusal;
          this.#conclude(job.recipients, { kind: 'replied', stage, reply: said }, end.refusal, elapsedMs);
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
    const tries = this.#unreachedTries.get(group) ?? 0;
    const waitMs = reachWaitsMs[tries];
    const isOver = waitMs === undefined || elapsedMs > quickFailureMs || this.#stopping;
    if (isOver || this.#retrying >= retryingLimit)
      return this.#conclude(group, { kind: 'unreached', error }, null, elapsedMs);
    this.#unreachedTries.set(group, tries + 1);
    this.#retrying += group.length;
    this.#parts.clock.timer(waitMs, () => {
      this.#retrying -= group.length;
    });
    this.#lookUpLater(group, waitMs, 0);
  }

  #lookUpLater(group: Group, waitMs: number, tries: number): void {
    this.#lookingUp.add(group);
    this.#parts.clock.timer(waitMs, () => {
      if (this.#lookingUp.delete(group)) this.#lookUp(group, tries);
    });
  }

  /** No uplink can take it now: it waits without an attempt. */
  #park(group: Group): void {
    if (this.#stopping) return this.#ledger.handBack(group, null);
    if (this.#ledger.hasExpired(group[0].message)) return this.#ledger.expire(group);
    if (this.#parking.recipients + group.length <= parkedLimit) return this.#parking.add(group);
    this.#ledger.handBack(group, this.#parts.clock.now() + parkedAwayMs * (0.5 + this.#parts.random.next()));
  }

  /** A receiver refuses a stand-in: it comes last there for a while, and the operator hears of it. */
  #blameRoute({ candidate, to }: RouteTaken, said: Reply): void {
    const { egress } = candidate;
    if (egress.kind === 'local') return;
    this.#parts.monitor.penalise({ egress, to }, `${to.host} refused it: ${replyText(said)}`);
    this.#parts.events.emit({
      kind: 'warning',
      at: this.#parts.clock.now(),
      subject: `${egress.id} ${to.host}`,
      message:
        `${to.host} refused mail from the stand-in ${egress.source} (${egress.ehlo}): ${replyText(said)}. ` +
        `It waits for the preferred uplink; check the PTR, the name and the SPF of ${egress.publicAddress}.`,
    });
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

  #hold({ message, body }: LeasedRecipient, sign: 1 | -1): void {
    this.#held += sign;
    if (body.kind !== 'inline') return;
    const before = this.#bodies.get(message.id) ?? 0;
    const after = before + sign;
    if (after > 0) this.#bodies.set(message.id, after);
    else this.#bodies.delete(message.id);
    if (before === 0 || after === 0) this.#heldBytes += sign * body.bytes.length;
  }

  #freed(leased: readonly LeasedRecipient[]): void {
    for (const each of leased) this.#hold(each, -1);
    if (this.room > recipientLimit / 4) this.#feed.roomFreed();
  }

  #sweepLater(): void {
    this.#sweepTimer = this.#parts.clock.timer(sweepMs, () => {
      const now = this.#parts.clock.monotonic();
      for (const [key, site] of this.#sites) {
        site.sweep(now);
        if (site.isEmpty) this.#sites.delete(key);
      }
      const expired = this.#parking.takeOut(([{ message }]) => this.#ledger.hasExpired(message));
      for (const group of expired) this.#ledger.expire(group);
      this.#sweepLater();
    });
  }

  #renewLater(): void {
    const { clock, store, owner } = this.#parts;
    this.#renewTimer = clock.timer(leaseMs / 3, () => {
      if (this.#held > 0) void store.renew(owner, clock.now() + leaseMs);
      this.#renewLater();
    });
  }
}

const localEgress = ({ hostname }: DeliverySettings): LocalEgress => ({
  kind: 'local',
  id: 'local',
  ehlo: hostname,
});

/** Its RCPT was accepted: what was decided, was decided of the message. */
const wasTaken = ({ stage, reply: said }: RecipientReply): boolean =>
  stage === 'data' || stage === 'body' || stage === 'dot' || (stage === 'rcpt' && (said?.code ?? 500) < 300);

function endOf(said: RecipientReply, dotSent: boolean, why: string): AttemptEnd {
  const { stage, reply: answer } = said;
  if (answer === null) return { kind: 'broken', stage, dotSent, error: why };
  if (said.local !== undefined) return { kind: 'unfit_message', reply: answer };
  return { kind: 'replied', stage, reply: answer };
}

type Found = { readonly part: Group; readonly hop: NextHop };

/** The parts of one message whose domains have one site, and the same hosts behind it, become one. */
function bySite(found: readonly Found[]): Found[] {
  const sites = new Map<string, Found>();
  const others: Found[] = [];
  for (const one of found) {
    const { part, hop } = one;
    if (hop.kind !== 'hosts') {
      others.push(one);
      continue;
    }
    const key = `${hop.site} ${backupsOf(hop.site, hop.hosts)}`;
    const same = sites.get(key);
    sites.set(key, same ? { hop: same.hop, part: [...same.part, ...part] } : one);
  }
  return [...others, ...sites.values()];
}

/** In the order in which the keys first come. */
function grouped(leased: readonly LeasedRecipient[], keyOf: (each: LeasedRecipient) => string): Group[] {
  const groups = new Map<string, LeasedRecipient[]>();
  for (const each of leased) {
    const key = keyOf(each);
    const group = groups.get(key);
    if (group) group.push(each);
    else groups.set(key, [each]);
  }
  return [...groups.values()].flatMap(([first, ...rest]) => (first ? [[first, ...rest] as const] : []));
}
