import type { Candidate } from '../../decision/egress/choice.ts';
import type { LocalEgress } from '../../decision/egress/egress.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { ClientStage } from '../../protocol/smtp/client-session-types.ts';
import { type Reply, replyText } from '../../protocol/smtp/reply.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Connection, Network, QueueStore } from '../ports.ts';
import { askAfter } from './ask-after.ts';
import type { EgressGuide } from './egress-guide.ts';
import type { HostMemory } from './host-memory.ts';
import type { Lane } from './lane.ts';
import { Race } from './race.ts';
import { candidatesFor, mayComeUp, type Target } from './route-choice.ts';
import { Session, type SessionOwner, type Unmet } from './session.ts';

/** How often one opening begins anew because an egress went down under it. */
const restartLimit = 4;

/** What all sessions and openings of the gateway share. */
export type DeliveryPorts = {
  readonly clock: Clock;
  readonly network: Network;
  readonly store: QueueStore;
  readonly guide: EgressGuide;
  readonly events: EventStream;
  readonly hosts: HostMemory;
  readonly local: () => LocalEgress;
};

/** A refusal before any message was named: by whom, on which route. */
export type Refusal = {
  readonly stage: ClientStage;
  readonly reply: Reply;
  readonly candidate: Candidate;
  readonly to: HostAddress;
  readonly tls: string | null;
};

export type OpeningEnd =
  /** Greeted and idle; the new owner takes it over. */
  | { readonly kind: 'session'; readonly session: Session; readonly target: Target }
  /** No egress can be used now, but may be later. */
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'unreached'; readonly error: string }
  | { readonly kind: 'aborted' };

/**
 * The way to one new session with a site: hosts in their order (RFC 5321 section 5.1), for each address a race of the
 * egresses, then greeting and EHLO. A refusal by one host leads to the next one through the same choice of egresses; a
 * refusal of a stand-in ends it, for it says nothing of the hosts.
 */
export class Opening implements SessionOwner {
  readonly lane: Lane;
  readonly #ports: DeliveryPorts;
  readonly #site: string;
  readonly #all: readonly Target[];
  /** Of them, those to try. */
  readonly #targets: readonly Target[];
  /** Those that no egress reached a moment ago: they are left alone. */
  readonly #dead: readonly Target[];
  readonly #onHedge: (candidate: Candidate, to: HostAddress, waitedMs: number) => void;
  readonly #done: (end: OpeningEnd) => void;
  readonly #refusals: Refusal[] = [];
  readonly #errors: string[] = [];
  #none: string | null = null;
  #avoid: string | null;
  #place = -1;
  #restarts = 0;
  #race: Race | null = null;
  #session: Session | null = null;
  /** It refused, and goes: the next host is asked when its place is free. */
  #leaving: Session | null = null;
  #over = false;

  constructor(
    ports: DeliveryPorts,
    request: {
      readonly site: string;
      readonly lane: Lane;
      readonly targets: readonly Target[];
      readonly avoid: string | null;
      readonly onHedge: (candidate: Candidate, to: HostAddress, waitedMs: number) => void;
      readonly done: (end: OpeningEnd) => void;
    },
  ) {
    const now = ports.clock.monotonic();
    this.lane = request.lane;
    this.#ports = ports;
    this.#site = request.site;
    this.#all = request.targets;
    this.#targets = request.targets.filter(({ to }) => !ports.hosts.isDead(to, now));
    this.#dead = request.targets.filter(target => !this.#targets.includes(target));
    this.#avoid = request.avoid;
    this.#onHedge = request.onHedge;
    this.#done = request.done;
  }

  start(): void {
    this.#next();
  }

  /** This egress is down: what has begun through it begins anew elsewhere. */
  egressDown(egressId: string): void {
    this.#race?.egressDown(egressId);
    if (this.#session?.egressId === egressId) this.#restart();
  }

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.#session?.abandon();
    this.#leaving?.abandon();
    this.#session = null;
    this.#race?.abort();
    this.#done({ kind: 'aborted' });
  }

  idle(session: Session): void {
    const target = this.#targets[this.#place];
    if (session !== this.#session || target === undefined) return;
    this.#session = null;
    this.#ports.hosts.noteAlive(session.to);
    if (target.terms.login !== null) this.#ports.hosts.noteLoginTaken(session.to);
    this.#end({ kind: 'session', session, target });
  }

  refused(session: Session, stage: ClientStage, reply: Reply): void {
    if (session !== this.#session) return;
    this.#session = null;
    const { candidate, to, tls } = session;
    const refusal = { stage, reply, candidate, to, tls };
    this.#refusals.push(refusal);
    if (candidate.standIn) this.#end({ kind: 'refused', refusal });
    else this.#leaving = session;
  }

  /** No job is given before the session is idle. */
  result(): void {}

  silent(session: Session): void {
    askAfter(session, this.#site, this.#ports, () => {
      if (session !== this.#session) return;
      this.#avoid = session.egressId;
      this.#restart();
    });
  }

  /** Cut off by the network before it took mail: another egress asks the host once, as after a failed connect. */
  ended(session: Session, why: string, cut: boolean): void {
    if (session === this.#leaving) {
      this.#leaving = null;
      return this.#next();
    }
    if (session !== this.#session) return;
    if (cut && this.#avoid === null) {
      this.#avoid = session.egressId;
      return this.#restart();
    }
    this.#session = null;
    // One that leaves right after the handshake does not like our TLS: in TLS 1.3 it says so only then.
    const unmet = session.unmet ?? (session.tls === null ? null : 'tls');
    if (unmet !== null && this.#isMended(session, unmet, why)) this.#place -= 1;
    else this.#fail(session.to, why);
    this.#next();
  }

  /** Where TLS may be but need not, the same address is spoken with anew, in clear (RFC 7435 section 3). */
  #isMended({ to, candidate }: Session, unmet: Unmet, why: string): boolean {
    const { hosts, clock } = this.#ports;
    if (unmet === 'auth') this.#warnOfLogin(to, why);
    if (unmet !== 'tls' || this.#targets[this.#place]?.terms.tls !== 'may') return false;
    hosts.noteClear({ egress: candidate.egress, to }, clock.monotonic());
    return true;
  }

  /** The operator's to mend, so nobody's mail bounces for it. Told once for each way in which it fails. */
  #warnOfLogin(to: HostAddress, why: string): void {
    const { hosts, events, clock } = this.#ports;
    if (!hosts.noteLoginRefused(to, why)) return;
    events.emit({
      kind: 'warning',
      at: clock.now(),
      subject: `login ${to.host}`,
      message: `Postern cannot log in at the smart host ${to.host} [${to.address}]:${to.port}, and its mail waits. ${why} Check user and password_file of this smart_host.`,
    });
  }

  /** The same address again, with what is known of the egresses now. */
  #restart(): void {
    this.#session?.abandon();
    this.#session = null;
    this.#restarts += 1;
    if (this.#restarts <= restartLimit) this.#place -= 1;
    this.#next();
  }

  #next(): void {
    if (this.#over) return;
    this.#place += 1;
    const target = this.#targets[this.#place];
    if (target === undefined) return this.#exhausted();
    const choice = this.#candidates(target);
    if (choice.kind === 'none') {
      if (mayComeUp(target, this.#ports.guide)) {
        this.#none = choice.reason;
        this.#ports.guide.consider(this.#site, target.to);
      } else this.#errors.push(`${target.to.address}: ${choice.reason}`);
      return this.#next();
    }
    const startedAt = this.#ports.clock.monotonic();
    this.#race = new Race({
      ...this.#ports,
      site: this.#site,
      to: target.to,
      candidates: this.#reordered(choice.candidates),
      onHedge: (candidate, waitedMs) => this.#onHedge(candidate, target.to, waitedMs),
      done: result => {
        this.#race = null;
        if (this.#over) {
          if (result.kind === 'won') result.connection.destroy();
          return;
        }
        if (result.kind === 'won') return this.#connected(target, result.candidate, result.connection);
        if (result.kind === 'aborted' || result.error.kind === 'aborted') return this.#restart();
        if (!result.resources && this.#candidates(target).kind !== 'none') this.#noteDead(target, startedAt);
        this.#fail(target.to, result.error.message);
        this.#next();
      },
    });
    this.#race.start();
  }

  #noteDead({ to }: Target, startedAt: number): void {
    const now = this.#ports.clock.monotonic();
    this.#ports.hosts.noteDead(to, now, now - startedAt);
  }

  #connected(target: Target, candidate: Candidate, connection: Connection): void {
    const { hosts, clock } = this.#ports;
    this.#session = new Session({
      ...this.#ports,
      terms: target.terms,
      clear: hosts.isClear({ egress: candidate.egress, to: target.to }, clock.monotonic()),
      owner: this,
      site: this.#site,
      candidate,
      to: target.to,
      connection,
    });
  }

  #candidates(target: Target) {
    return candidatesFor(this.#all, target, this.lane, this.#site, this.#ports);
  }

  /** An egress whose session went silent comes last. */
  #reordered(candidates: readonly [Candidate, ...Candidate[]]): readonly [Candidate, ...Candidate[]] {
    const [first, ...rest] = candidates;
    if (first.egress.id !== this.#avoid) return candidates;
    const [second, ...others] = rest;
    return second === undefined ? candidates : [second, ...others, first];
  }

  #fail(to: HostAddress, why: string): void {
    this.#errors.push(`${to.host} [${to.address}]: ${why}`);
  }

  /** No address is left. A host that answers outweighs those that do not: only if all refuse for good, it is for good. */
  #exhausted(): void {
    const permanent = this.#refusals.find(({ reply }) => reply.code >= 500);
    const temporary = this.#refusals.find(({ reply }) => reply.code < 500);
    this.#considerDead();
    const onlyRefused = this.#errors.length === 0 && this.#none === null;
    if (temporary) return this.#end({ kind: 'refused', refusal: temporary });
    if (permanent && onlyRefused) return this.#end({ kind: 'refused', refusal: permanent });
    if (this.#none !== null && (this.#errors.length === 0 || this.#nobodyLeft()))
      return this.#end({ kind: 'none', reason: this.#none });
    const told = [
      ...this.#errors,
      ...this.#refusals.map(({ to, reply }) => `${to.host}: ${replyText(reply)}`),
    ];
    const error =
      told.length === 0
        ? 'No host of the site answered a moment ago; it was left alone for now.'
        : told.join(' ');
    this.#end({ kind: 'unreached', error });
  }

  /** It was not their fault, maybe, where no egress is left to reach them by. */
  #considerDead(): void {
    for (const target of this.#dead) {
      const choice = this.#candidates(target);
      if (choice.kind === 'none' && mayComeUp(target, this.#ports.guide)) {
        this.#none ??= choice.reason;
        this.#ports.guide.consider(this.#site, target.to);
      }
    }
  }

  /** What failed, failed because the egresses did. */
  #nobodyLeft(): boolean {
    return this.#targets.every(target => this.#candidates(target).kind === 'none');
  }

  #end(end: OpeningEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#done(end);
  }
}
