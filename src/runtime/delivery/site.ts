import type { NextHopHost } from '../../decision/next-hop/next-hop.ts';
import type { RecipientReply } from '../../protocol/smtp/client-session-types.ts';
import { askAfter } from './ask-after.ts';
import { FairQueue } from './fair-queue.ts';
import type { Job } from './job.ts';
import { type Lane, laneOf } from './lane.ts';
import { type DeliveryPorts, Opening, type OpeningEnd } from './opening.ts';
import { type HostList, hostListOf, type Target } from './route-choice.ts';
import type { Session, SessionOwner } from './session.ts';
import { SiteLimit } from './site-limit.ts';
import { type Member, SiteMembers } from './site-members.ts';
import type { SiteOwner } from './site-owner.ts';

/** New sessions begun at a time, so that a dead site costs few connects. */
const openingLimit = 5;
/** So many jobs wait in memory for a site that has not answered, or not for a while. */
const stuckJobs = 1_000;
const answeredLatelyMs = 10_000;
/** A kept session is closed by us before the far side does. */
const idleLimitMs = 25_000;
/** Jobs that may leave by the same egresses to the same hosts; `hosts` as the last of them had them. */
type Queue = {
  readonly key: string;
  readonly lane: Lane;
  readonly jobs: FairQueue;
  hosts: HostList;
  openings: number;
  /** Its jobs wait for their turn at an uplink. */
  inLine: boolean;
};

/** One receiving site: the jobs that wait for it, and the sessions that carry them. */
export class Site implements SessionOwner {
  readonly key: string;
  readonly #ports: DeliveryPorts;
  readonly #owner: SiteOwner<Site>;
  #known: { readonly hosts: readonly NextHopHost[]; readonly list: HostList } | null = null;
  readonly #queues = new Map<string, Queue>();
  readonly #members: SiteMembers;
  readonly #openings = new Set<Opening>();
  #limit: SiteLimit | null = null;
  #pumping = false;
  #pumpAgain = false;
  #closed = false;

  constructor(key: string, ports: DeliveryPorts, owner: SiteOwner<Site>) {
    this.key = key;
    this.#ports = ports;
    this.#owner = owner;
    this.#members = new SiteMembers(key, ports, owner.idle, session => {
      const member = this.#members.of(session);
      if (member) this.#dismiss(member);
    });
  }

  /** Nothing waits, nothing is open. */
  get isEmpty(): boolean {
    return this.#queues.size === 0 && this.#members.size === 0 && this.#openings.size === 0;
  }

  /** Many wait, and nobody answers: more would only keep the mail of other sites out of memory. */
  get isStuck(): boolean {
    if (this.#ports.clock.monotonic() - this.#members.stoodAt < answeredLatelyMs) return false;
    return this.waiting >= stuckJobs;
  }

  /** Jobs that wait. */
  get waiting(): number {
    let waiting = 0;
    for (const { jobs } of this.#queues.values()) waiting += jobs.length;
    return waiting;
  }

  /** Sessions that carry a job now. */
  get busy(): number {
    return this.#members.busy;
  }

  /** The hosts as DNS or the configuration gives them now. */
  know(hosts: readonly NextHopHost[]): HostList {
    if (hosts !== this.#known?.hosts) this.#known = { hosts, list: hostListOf(this.key, hosts) };
    this.#limit ??= new SiteLimit(hosts.every(({ local }) => local));
    return this.#known.list;
  }

  add(job: Job, lane: Lane, first = false): void {
    const { jobs } = this.#queueOf(lane, job.hosts);
    if (first) jobs.addFirst(job);
    else jobs.add(job);
    this.pump();
  }

  /** Gives waiting jobs to idle sessions, and opens more while jobs wait. */
  pump(): void {
    if (this.#closed) return;
    if (this.#pumping) {
      this.#pumpAgain = true;
      return;
    }
    this.#pumping = true;
    do {
      this.#pumpAgain = false;
      for (const queue of this.#queues.values()) this.#serve(queue);
    } while (this.#pumpAgain);
    this.#pumping = false;
  }

  /** Closes what has been idle long or is no longer the right way. */
  sweep(now: number): void {
    for (const member of this.#members.allIdle()) {
      const old = now - member.session.idleSince >= idleLimitMs;
      if (old || !this.#members.fits(member, now)) this.#dismiss(member);
    }
  }

  /** Takes out the jobs that wait in lanes for which `leaves` holds: their way may be another one now. */
  takeWaiting(leaves: (lane: Lane, hosts: HostList) => boolean): Job[] {
    const taken: Job[] = [];
    for (const { lane, hosts, jobs } of this.#queues.values())
      if (jobs.length > 0 && leaves(lane, hosts)) taken.push(...jobs.takeAll());
    return taken;
  }

  /** The egress is down: what was under way through it goes on elsewhere, at once. */
  egressDown(egressId: string): void {
    for (const member of this.#members.all()) {
      if (member.session.egressId !== egressId) continue;
      this.#limit?.moved();
      const job = this.#takeJob(member);
      if (job) this.#requeue(job, member.carries, `${egressId} went down.`);
    }
    for (const opening of this.#openings) opening.egressDown(egressId);
    this.pump();
  }

  /** The egress is drained: what is under way finishes, and no session is kept. */
  egressDrained(egressId: string): void {
    for (const { session } of this.#members.all()) if (session.egressId === egressId) session.retired = true;
    for (const member of this.#members.allIdle()) if (member.session.retired) this.#dismiss(member);
    this.pump();
  }

  /** Takes no more jobs and ends idle sessions; gives the jobs that wait. Busy sessions finish. */
  close(): Job[] {
    this.#closed = true;
    for (const opening of this.#openings) opening.abort();
    for (const member of this.#members.allIdle()) this.#dismiss(member);
    for (const { session } of this.#members.all()) session.retired = true;
    const waiting = [...this.#queues.values()].flatMap(({ jobs }) => jobs.takeAll());
    this.#queues.clear();
    return waiting;
  }

  /** The time for finishing is over: gives the jobs whose dot is not out; those whose dot is out are doubts. */
  cutShort(): Job[] {
    const handedBack: Job[] = [];
    for (const member of this.#members.all()) {
      const job = this.#takeJob(member);
      if (job) handedBack.push(job);
      member.session.abandon();
    }
    return handedBack;
  }

  /** The site is known to be away: gives all its jobs, but for those whose dot is out; a late answer to them counts. */
  leave(): Job[] {
    const jobs = this.close();
    const why = 'the site went away before the answer came.';
    for (const member of this.#members.all()) {
      const job = this.#takeJob(member, why);
      if (job) jobs.push(job);
    }
    return jobs;
  }

  idle(session: Session): void {
    const member = this.#members.of(session);
    if (member === undefined) return session.quit();
    this.#members.rest(member);
    if (session.retired || this.#members.size > this.#sessionLimit) this.#dismiss(member);
    this.pump();
  }

  /** Refusals end openings; a session that is ours was greeted. */
  refused(): void {}

  result(
    session: Session,
    job: Job,
    recipients: readonly RecipientReply[],
    dotSent: boolean,
    why: string,
  ): void {
    this.#learn(recipients, session.jobMs);
    const lane = this.#members.of(session)?.carries ?? laneOf(job.recipients[0]);
    this.#owner.result(this, lane, job, session, recipients, dotSent, why);
  }

  ended(session: Session): void {
    const member = this.#members.of(session);
    if (member === undefined) return;
    this.#forget(member);
    this.pump();
  }

  silent(session: Session): void {
    askAfter(session, this.key, this.#ports, () => {
      const member = this.#members.of(session);
      if (session.dotAt !== null || member === undefined) return session.bePatient();
      this.#forget(member);
      const job = session.abandon();
      if (job === null) return;
      job.avoid = session.egressId;
      this.#requeue(job, member.carries, `${session.to.host} was silent by ${session.egressId}.`);
      this.pump();
    });
  }

  get #sessionLimit(): number {
    this.#limit ??= new SiteLimit(false);
    return this.#limit.sessions;
  }

  /** What an answer says of how much the site can take. */
  #learn(recipients: readonly RecipientReply[], elapsedMs: number): void {
    const now = this.#ports.clock.monotonic();
    if (recipients.some(isTooMuch)) this.#limit?.pressed(now);
    else if (this.#queues.size > 0 && recipients.some(isTaken)) this.#limit?.succeeded(elapsedMs, now);
  }

  #queueOf(lane: Lane, hosts: HostList): Queue {
    const key = hosts.backups === '' ? lane.key : `${lane.key} ${hosts.backups}`;
    const known = this.#queues.get(key);
    if (known) {
      known.hosts = hosts;
      return known;
    }
    const queue: Queue = { key, lane, jobs: new FairQueue(), hosts, openings: 0, inLine: false };
    this.#queues.set(key, queue);
    return queue;
  }

  #serve(queue: Queue): void {
    const { jobs } = queue;
    for (let { first: job } = jobs; job !== undefined; job = jobs.first) {
      const member = this.#members.takeIdle(queue.lane, queue.hosts, job);
      if (member === null) break;
      if (!this.#owner.takeTurn(this, member.session)) {
        this.#members.rest(member);
        queue.inLine = true;
        return;
      }
      jobs.shift();
      member.carries = queue.lane;
      this.#owner.started(job, member.session, queue.inLine);
      member.session.start(job);
    }
    queue.inLine = false;
    if (jobs.length === 0) {
      if (queue.openings === 0) this.#queues.delete(queue.key);
      return;
    }
    this.#open(queue);
  }

  /** A site that failed before is asked by one connection until it answers: the others are for sites that may live. */
  #openingLimit({ jobs }: Queue): number {
    return this.#members.size === 0 && !jobs.hasFresh ? 1 : openingLimit;
  }

  #open(queue: Queue): void {
    while (queue.openings < Math.min(queue.jobs.length, this.#openingLimit(queue))) {
      if (this.#members.size + this.#openings.size >= this.#sessionLimit) {
        // Idle sessions that suit nobody here make room.
        if (!this.#dismissIdle()) return;
      }
      if (!this.#owner.mayConnect(this, queue.lane, queue.hosts)) return;
      const retry = !queue.jobs.hasFresh;
      if (!this.#owner.takeSlot(this, retry)) return;
      const { openings } = queue;
      this.#begin(queue, retry);
      // It ended at once, for no egress can be used: those that are under way decide for all.
      if (queue.openings === openings) return;
    }
  }

  #begin(queue: Queue, retry: boolean): void {
    const { lane, jobs, hosts } = queue;
    queue.openings += 1;
    const opening = new Opening(this.#ports, {
      site: this.key,
      lane,
      targets: hosts.targets,
      avoid: jobs.first?.avoid ?? null,
      onHedge: (candidate, to, waitedMs) => {
        const { first: job } = jobs;
        if (job) this.#owner.hedged(job, candidate, to, waitedMs);
      },
      done: end => {
        this.#openings.delete(opening);
        queue.openings -= 1;
        if (retry) this.#owner.retryOver();
        if (end.kind === 'session') this.#adopt(end.session, end.target, queue.lane, hosts);
        else this.#notOpened(queue, end);
      },
    });
    this.#openings.add(opening);
    opening.start();
  }

  #adopt(session: Session, target: Target, lane: Lane, hosts: HostList): void {
    session.owner = this;
    this.#members.add(session, target, lane, hosts);
    if (this.#closed) session.retired = true;
    this.idle(session);
  }

  #notOpened(queue: Queue, end: Exclude<OpeningEnd, { kind: 'session' }>): void {
    this.#owner.freeSlot();
    if (end.kind === 'aborted' || this.#closed) return;
    const others = queue.openings > 0;
    if (
      !others &&
      this.#members.size > 0 &&
      end.kind !== 'none' &&
      this.#members.serves(queue.lane, queue.hosts)
    ) {
      // It takes our mail, only not on so many sessions at once.
      this.#limit?.full(this.#members.size, this.#ports.clock.monotonic());
      return this.pump();
    }
    if (others) return;
    this.#queues.delete(queue.key);
    if (this.#members.size === 0 && end.kind !== 'none') this.#limit?.lost();
    const jobs = queue.jobs.takeAll();
    if (jobs.length > 0) this.#owner.failed(this, queue.lane, jobs, end);
  }

  #requeue(job: Job, lane: Lane, why: string): void {
    if (this.#closed) return this.#owner.failed(this, lane, [job], { kind: 'aborted' });
    if (job.mayTryAgain) {
      job.tries += 1;
      job.again = why;
      this.#queueOf(lane, job.hosts).jobs.addFirst(job);
      return;
    }
    this.#owner.failed(this, lane, [job], {
      kind: 'unreached',
      error: 'Every session broke before the message was through; it is tried again later.',
    });
  }

  /**
   * The session is ours no more. Gives its job, unless the dot is out: then that is told as in doubt (`why`), and the
   * session stands for an answer that comes late.
   */
  #takeJob(member: Member, why?: string): Job | null {
    const { session } = member;
    const { job, dotAt } = session;
    this.#forget(member);
    if (job === null || dotAt === null) return session.abandon();
    job.doubted = true;
    this.#owner.doubted(job, session, why);
    return null;
  }

  /** Makes room for a session that suits; the one that was idle longest goes. */
  #dismissIdle(): boolean {
    const [member] = this.#members.allIdle();
    if (member) this.#dismiss(member);
    return member !== undefined;
  }

  #dismiss(member: Member): void {
    this.#forget(member);
    member.session.quit();
  }

  #forget(member: Member): void {
    if (this.#members.remove(member)) this.#owner.freeSlot();
  }
}

const isTaken = ({ stage, reply }: RecipientReply): boolean =>
  stage === 'dot' && reply !== null && reply.code < 300;

/** 421, or no room for now; at RCPT that is about one mailbox, or about the recipients of one transaction. */
const isTooMuch = ({ stage, reply }: RecipientReply): boolean =>
  reply?.code === 421 || (reply?.code === 452 && stage !== 'rcpt');
