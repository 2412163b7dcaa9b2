import type { Candidate } from '../../decision/egress/choice.ts';
import type { EgressSnapshot } from '../../decision/egress/health-state.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { NextHopHost } from '../../decision/next-hop/next-hop.ts';
import type { RecipientReply } from '../../protocol/smtp/client-session-types.ts';
import type { Job } from './job.ts';
import { type DeliveryPorts, Opening, type OpeningEnd } from './opening.ts';
import {
  candidatesFor,
  type HostList,
  hostListOf,
  type Lane,
  laneOf,
  plainLane,
  type Target,
} from './route-choice.ts';
import type { Session, SessionOwner } from './session.ts';
import { askAfter } from './suspicion.ts';

/** Sessions with one site at a time: what large receivers allow without complaint. */
const sessionLimit = 20;
/** New sessions begun at a time, so that a dead site costs few connects. */
const openingLimit = 5;
/** So many jobs wait in memory for a site that has not answered, or not for a while. */
const stuckJobs = 1_000;
const answeredLatelyMs = 10_000;
/** A site that let no more sessions in is not asked for more for a while. */
const fullSiteMs = 60_000;
/** A kept session is closed by us before the far side does. */
const idleLimitMs = 25_000;
/** After a lost race of the preferred egress, so long the session that was opened instead is the way. */
const standInMs = 1_000;
/** A session with a host that is not the best one is kept no longer. */
const worseHostMs = 5 * 60_000;
/** A choice of egress holds for so long while no egress changes. */
const fitForMs = 250;

/** What a site tells its dispatcher. */
export interface SiteOwner {
  /** May one more connection be opened? If not, the site is pumped when one is free. */
  takeSlot(site: Site): boolean;
  freeSlot(): void;
  started(job: Job, session: Session): void;
  hedged(job: Job, candidate: Candidate, to: HostAddress, waitedMs: number): void;
  result(
    site: Site,
    job: Job,
    session: Session,
    recipients: readonly RecipientReply[],
    dotSent: boolean,
    why: string,
  ): void;
  /** The egress went down after the final dot: the session stands in case the answer comes late. */
  doubted(job: Job, session: Session): void;
  failed(site: Site, lane: Lane, jobs: readonly Job[], end: Exclude<OpeningEnd, { kind: 'session' }>): void;
}

type Member = {
  readonly session: Session;
  readonly target: Target;
  /** The hosts that it was opened with. */
  readonly hosts: HostList;
  /** The lane that it was opened for, and when. */
  readonly lane: Lane;
  readonly openedAt: number;
  fitUntil: number;
  fitSnapshot: EgressSnapshot | null;
};
/** Jobs that may leave by the same egresses to the same hosts; `hosts` as the last of them had them. */
type Queue = {
  readonly key: string;
  readonly lane: Lane;
  readonly jobs: Job[];
  hosts: HostList;
  openings: number;
};

/** One receiving site: the jobs that wait for it, and the sessions that carry them. */
export class Site implements SessionOwner {
  readonly key: string;
  readonly #ports: DeliveryPorts;
  readonly #owner: SiteOwner;
  #known: { readonly hosts: readonly NextHopHost[]; readonly list: HostList } | null = null;
  readonly #queues = new Map<string, Queue>();
  readonly #members = new Map<Session, Member>();
  #idle: Member[] = [];
  readonly #openings = new Set<Opening>();
  /** When a session last stood. */
  #stoodAt = Number.NEGATIVE_INFINITY;
  #limit = sessionLimit;
  #limitUntil = 0;
  #pumping = false;
  #pumpAgain = false;
  #closed = false;

  constructor(key: string, ports: DeliveryPorts, owner: SiteOwner) {
    this.key = key;
    this.#ports = ports;
    this.#owner = owner;
  }

  /** Nothing waits, nothing is open. */
  get isEmpty(): boolean {
    return this.#queues.size === 0 && this.#members.size === 0 && this.#openings.size === 0;
  }

  /** Many wait, and nobody answers: more would only keep the mail of other sites out of memory. */
  get isStuck(): boolean {
    if (this.#members.size > 0 || this.#ports.clock.monotonic() - this.#stoodAt < answeredLatelyMs)
      return false;
    let waiting = 0;
    for (const { jobs } of this.#queues.values()) waiting += jobs.length;
    return waiting >= stuckJobs;
  }

  /** Sessions that carry a job now. */
  get busy(): number {
    return this.#members.size - this.#idle.length;
  }

  /** The hosts as DNS or the configuration gives them now. */
  know(hosts: readonly NextHopHost[]): HostList {
    if (hosts !== this.#known?.hosts) this.#known = { hosts, list: hostListOf(this.key, hosts) };
    return this.#known.list;
  }

  add(job: Job, lane: Lane, first = false): void {
    const { jobs } = this.#queueOf(lane, job.hosts);
    if (first) jobs.unshift(job);
    else jobs.push(job);
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
    for (const member of this.#idle.slice()) {
      const old = now - member.session.idleSince >= idleLimitMs;
      if (old || !this.#fits(member, now)) this.#dismiss(member);
    }
  }

  /** Frees a place for another site; the session that was idle longest goes. */
  dismissIdle(): boolean {
    const [member] = this.#idle;
    if (member) this.#dismiss(member);
    return member !== undefined;
  }

  /** The egress is down: what was under way through it goes on elsewhere, at once. */
  egressDown(egressId: string): void {
    for (const member of this.#members.values()) {
      const { session } = member;
      if (session.egressId !== egressId) continue;
      this.#forget(member);
      if (session.job !== null && session.dotAt !== null) {
        session.job.doubted = true;
        this.#owner.doubted(session.job, session);
        continue;
      }
      const job = session.abandon();
      if (job) this.#requeue(job);
    }
    for (const opening of this.#openings) opening.egressDown(egressId);
    this.pump();
  }

  /** The egress is drained: what is under way finishes, and no session is kept. */
  egressDrained(egressId: string): void {
    for (const { session } of this.#members.values())
      if (session.egressId === egressId) session.retired = true;
    for (const member of this.#idle.slice()) if (member.session.retired) this.#dismiss(member);
    this.pump();
  }

  /** Takes no more jobs and ends idle sessions; gives the jobs that wait. Busy sessions finish. */
  close(): Job[] {
    this.#closed = true;
    for (const opening of this.#openings) opening.abort();
    for (const member of this.#idle.slice()) this.#dismiss(member);
    for (const { session } of this.#members.values()) session.retired = true;
    const waiting = [...this.#queues.values()].flatMap(({ jobs }) => jobs);
    this.#queues.clear();
    return waiting;
  }

  /** The time for finishing is over: gives the jobs whose dot is not out; those whose dot is out are doubts. */
  cutShort(): Job[] {
    const handedBack: Job[] = [];
    for (const member of this.#members.values()) {
      const { session } = member;
      this.#forget(member);
      const { job, dotAt } = session;
      if (job !== null && dotAt !== null) this.#owner.doubted(job, session);
      else if (job !== null) handedBack.push(job);
      session.abandon();
    }
    return handedBack;
  }

  idle(session: Session): void {
    const member = this.#members.get(session);
    if (member === undefined) return session.quit();
    this.#idle.push(member);
    if (session.retired) this.#dismiss(member);
    else this.pump();
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
    this.#owner.result(this, job, session, recipients, dotSent, why);
  }

  ended(session: Session): void {
    const member = this.#members.get(session);
    if (member === undefined) return;
    this.#forget(member);
    this.pump();
  }

  silent(session: Session): void {
    askAfter(session, this.key, this.#ports, () => {
      const member = this.#members.get(session);
      if (session.dotAt !== null || member === undefined) return session.bePatient();
      this.#forget(member);
      const job = session.abandon();
      if (job === null) return;
      job.avoid = session.egressId;
      this.#requeue(job);
      this.pump();
    });
  }

  #queueOf(lane: Lane, hosts: HostList): Queue {
    const key = hosts.backups === '' ? lane.key : `${lane.key} ${hosts.backups}`;
    const known = this.#queues.get(key);
    if (known) {
      known.hosts = hosts;
      return known;
    }
    const queue: Queue = { key, lane, jobs: [], hosts, openings: 0 };
    this.#queues.set(key, queue);
    return queue;
  }

  #serve(queue: Queue): void {
    const { jobs } = queue;
    for (let job = jobs[0]; job !== undefined; job = jobs[0]) {
      const member = this.#takeIdle(queue, job);
      if (member === null) break;
      jobs.shift();
      this.#owner.started(job, member.session);
      member.session.start(job);
    }
    if (jobs.length === 0) {
      if (queue.openings === 0) this.#queues.delete(queue.key);
      return;
    }
    this.#open(queue);
  }

  /** A session by the egress that comes first; else one that has just been opened because that could not connect. */
  #takeIdle(queue: Queue, job: Job): Member | null {
    const { lane } = queue;
    const now = this.#ports.clock.monotonic();
    const isPlain = lane.key === '' && job.avoid === null;
    const suits = (member: Member): boolean =>
      takesMailOf(member, queue) &&
      (isPlain ? this.#fits(member, now) : this.#suits(member, lane, job.avoid));
    let place = this.#idle.findLastIndex(suits);
    if (place < 0)
      place = this.#idle.findLastIndex(
        member =>
          member.lane.key === lane.key && takesMailOf(member, queue) && now - member.openedAt < standInMs,
      );
    const [member] = place < 0 ? [] : this.#idle.splice(place, 1);
    return member ?? null;
  }

  /** Would a plain job leave this way today? Asked for every message, so the answer is kept for a moment. */
  #fits(member: Member, now: number): boolean {
    const snapshot = this.#ports.guide.snapshot();
    if (member.fitSnapshot === snapshot && now < member.fitUntil) return true;
    if (!this.#suits(member, plainLane, null)) return false;
    member.fitSnapshot = snapshot;
    member.fitUntil = now + fitForMs;
    return true;
  }

  /** The session is by the egress that comes first. */
  #suits(
    { session, target, hosts: { targets }, openedAt }: Member,
    lane: Lane,
    avoid: string | null,
  ): boolean {
    const { guide, local, clock, hosts } = this.#ports;
    const now = clock.monotonic();
    const isBetter = ({ to, mxPreference }: Target): boolean =>
      mxPreference < target.mxPreference && !hosts.isDead(to, now);
    if (now - openedAt >= worseHostMs && targets.some(isBetter)) return false;
    if (target.local) return session.candidate.egress.ehlo === local().ehlo;
    const choice = candidatesFor(targets, target, lane, this.key, guide, local(), clock.now());
    if (choice.kind === 'none') return false;
    const [first, second] = choice.candidates;
    const wanted = first.egress.id === avoid && second ? second : first;
    const { egress } = session.candidate;
    if (egress.kind === 'local' || wanted.egress.kind === 'local') return false;
    // It was opened in another's place, which is not empty any more.
    if (session.candidate.standIn && !wanted.standIn) return false;
    const { id, source, ehlo } = wanted.egress;
    return egress.id === id && egress.source === source && egress.ehlo === ehlo;
  }

  #open(queue: Queue): void {
    const now = this.#ports.clock.monotonic();
    if (now >= this.#limitUntil) this.#limit = sessionLimit;
    while (queue.openings < Math.min(queue.jobs.length, openingLimit)) {
      if (this.#members.size + this.#openings.size >= this.#limit) {
        // Idle sessions that suit nobody here make room.
        if (this.#idle.length === 0 || !this.dismissIdle()) return;
      }
      if (!this.#owner.takeSlot(this)) return;
      const { openings } = queue;
      this.#begin(queue);
      // It ended at once, for no egress can be used: those that are under way decide for all.
      if (queue.openings === openings) return;
    }
  }

  #begin(queue: Queue): void {
    const { lane, jobs, hosts } = queue;
    queue.openings += 1;
    const opening = new Opening(this.#ports, {
      site: this.key,
      lane,
      targets: hosts.targets,
      avoid: jobs[0]?.avoid ?? null,
      onHedge: (candidate, to, waitedMs) => {
        const [job] = jobs;
        if (job) this.#owner.hedged(job, candidate, to, waitedMs);
      },
      done: end => {
        this.#openings.delete(opening);
        queue.openings -= 1;
        if (end.kind === 'session') this.#adopt(end.session, end.target, lane, hosts);
        else this.#notOpened(queue, end);
      },
    });
    this.#openings.add(opening);
    opening.start();
  }

  #adopt(session: Session, target: Target, lane: Lane, hosts: HostList): void {
    session.owner = this;
    const openedAt = this.#ports.clock.monotonic();
    const member = { session, target, hosts, lane, openedAt, fitUntil: 0, fitSnapshot: null };
    this.#members.set(session, member);
    if (this.#closed) session.retired = true;
    this.idle(session);
  }

  #notOpened(queue: Queue, end: Exclude<OpeningEnd, { kind: 'session' }>): void {
    this.#owner.freeSlot();
    if (end.kind === 'aborted' || this.#closed) return;
    const others = queue.openings > 0;
    if (!others && this.#members.size > 0 && end.kind !== 'none' && this.#served(queue)) {
      // It takes our mail, only not on so many sessions at once.
      this.#limit = Math.max(1, this.#members.size);
      this.#limitUntil = this.#ports.clock.monotonic() + fullSiteMs;
      return this.pump();
    }
    if (others) return;
    this.#queues.delete(queue.key);
    const jobs = queue.jobs.splice(0);
    if (jobs.length > 0) this.#owner.failed(this, queue.lane, jobs, end);
  }

  /** A session stands that jobs of this queue may use. */
  #served(queue: Queue): boolean {
    for (const member of this.#members.values())
      if (takesMailOf(member, queue) && this.#suits(member, queue.lane, null)) return true;
    return false;
  }

  #requeue(job: Job): void {
    const lane = laneOf(job.recipients[0]);
    if (job.mayTryAgain) {
      job.tries += 1;
      this.#queueOf(lane, job.hosts).jobs.unshift(job);
      return;
    }
    this.#owner.failed(this, lane, [job], {
      kind: 'unreached',
      error: 'Every session broke before the message was through; it is tried again later.',
    });
  }

  #dismiss(member: Member): void {
    this.#forget(member);
    member.session.quit();
  }

  #forget(member: Member): void {
    if (!this.#members.delete(member.session)) return;
    this.#stoodAt = this.#ports.clock.monotonic();
    const place = this.#idle.indexOf(member);
    if (place >= 0) this.#idle.splice(place, 1);
    this.#owner.freeSlot();
  }
}

/** Is its host one of this queue's? All are of the best set, which names the site; the others are its domains' own. */
function takesMailOf({ target, hosts }: Member, queue: Queue): boolean {
  return !target.backup || hosts.backups === queue.hosts.backups;
}
