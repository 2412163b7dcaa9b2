import type { EgressSnapshot } from '../../decision/egress/health-state.ts';
import type { Dismiss, IdleSessions } from './idle-sessions.ts';
import type { Job } from './job.ts';
import { type Lane, withoutPast } from './lane.ts';
import type { DeliveryPorts } from './opening.ts';
import { candidatesFor, type HostList, type Target } from './route-choice.ts';
import type { Session } from './session.ts';

/** After a lost race of the preferred egress, so long the session that was opened instead is the way. */
const standInMs = 1_000;
/** A session with a host that is not the best one is kept no longer. */
const worseHostMs = 5 * 60_000;
/** A choice of egress holds for so long while no egress changes. */
const fitForMs = 250;

export type Member = {
  readonly session: Session;
  readonly target: Target;
  /** The hosts that it was opened with. */
  readonly hosts: HostList;
  /** What jobs of its kind have in common that were never tried. */
  readonly plain: Lane;
  /** The lane that it was opened for, and when. */
  readonly lane: Lane;
  readonly openedAt: number;
  /** The lane of the job that it carries, or carried last. */
  carries: Lane;
  fitUntil: number;
  fitSnapshot: EgressSnapshot | null;
};

/** The sessions that stand with one site, and which of them may carry a job now. Times are monotonic ms. */
export class SiteMembers {
  readonly #site: string;
  readonly #ports: DeliveryPorts;
  readonly #idleOfAll: IdleSessions;
  readonly #dismiss: Dismiss;
  readonly #members = new Map<Session, Member>();
  #idle: Member[] = [];
  /** When a session last stood. */
  #stoodAt = Number.NEGATIVE_INFINITY;

  /** `dismiss` is how somebody else who needs the place of an idle one has it ended. */
  constructor(site: string, ports: DeliveryPorts, idleOfAll: IdleSessions, dismiss: Dismiss) {
    this.#site = site;
    this.#ports = ports;
    this.#idleOfAll = idleOfAll;
    this.#dismiss = dismiss;
  }

  get size(): number {
    return this.#members.size;
  }

  get busy(): number {
    return this.#members.size - this.#idle.length;
  }

  /** When a session last stood; now, while one does. */
  get stoodAt(): number {
    return this.#members.size > 0 ? this.#ports.clock.monotonic() : this.#stoodAt;
  }

  all(): Iterable<Member> {
    return this.#members.values();
  }

  /** A copy: they may be removed while it is gone through. */
  allIdle(): readonly Member[] {
    return this.#idle.slice();
  }

  of(session: Session): Member | undefined {
    return this.#members.get(session);
  }

  add(session: Session, target: Target, lane: Lane, hosts: HostList): void {
    const openedAt = this.#ports.clock.monotonic();
    const plain = withoutPast(lane);
    const member: Member = {
      session,
      target,
      hosts,
      lane,
      plain,
      openedAt,
      carries: lane,
      fitUntil: 0,
      fitSnapshot: null,
    };
    this.#members.set(session, member);
  }

  /** It has no job. */
  rest(member: Member): void {
    this.#idle.push(member);
    this.#idleOfAll.rest(member.session, this.#dismiss);
  }

  /** False: it was none. */
  remove(member: Member): boolean {
    if (!this.#members.delete(member.session)) return false;
    this.#stoodAt = this.#ports.clock.monotonic();
    const place = this.#idle.indexOf(member);
    if (place >= 0) this.#idle.splice(place, 1);
    this.#idleOfAll.rouse(member.session);
    return true;
  }

  /** A session by the egress that comes first; else one that has just been opened because that could not connect. */
  takeIdle(lane: Lane, hosts: HostList, job: Job): Member | null {
    const now = this.#ports.clock.monotonic();
    const { avoid } = job;
    const suits = (member: Member): boolean =>
      takesMailOf(member, hosts) &&
      (lane === member.plain && avoid === null ? this.fits(member, now) : this.#suits(member, lane, avoid));
    let place = this.#idle.findLastIndex(suits);
    if (place < 0)
      place = this.#idle.findLastIndex(
        member =>
          member.lane.key === lane.key && takesMailOf(member, hosts) && now - member.openedAt < standInMs,
      );
    const [member] = place < 0 ? [] : this.#idle.splice(place, 1);
    if (member === undefined) return null;
    this.#idleOfAll.rouse(member.session);
    return member;
  }

  /** A session stands that jobs of this lane may use. */
  serves(lane: Lane, hosts: HostList): boolean {
    for (const member of this.#members.values())
      if (takesMailOf(member, hosts) && this.#suits(member, lane, null)) return true;
    return false;
  }

  /** Would a job of its kind that was never tried leave this way today? Asked for every message, so the answer is kept for a moment. */
  fits(member: Member, now: number): boolean {
    const snapshot = this.#ports.guide.snapshot();
    if (member.fitSnapshot === snapshot && now < member.fitUntil) return true;
    if (!this.#suits(member, member.plain, null)) return false;
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
    const { local, clock, hosts } = this.#ports;
    const now = clock.monotonic();
    const isBetter = ({ to, mxPreference }: Target): boolean =>
      mxPreference < target.mxPreference && !hosts.isDead(to, now);
    if (now - openedAt >= worseHostMs && targets.some(isBetter)) return false;
    if (target.local) return session.candidate.egress.ehlo === local().ehlo;
    const choice = candidatesFor(targets, target, lane, this.#site, this.#ports);
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
}

/** Is its host one of these? All are of the best set, which names the site; the others are its domains' own. */
function takesMailOf({ target, hosts: own }: Member, hosts: HostList): boolean {
  return !target.backup || own.backups === hosts.backups;
}
