import type { UplinkEgress } from '../../decision/egress/egress.ts';
import { expectedReplyMs, probeWaitMs } from '../../decision/egress/head-start.ts';
import type { Sighting } from '../../decision/egress/observation.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { Clock, Network, Timer } from '../ports.ts';
import { Probe, type ProbeDepth } from './probe.ts';

/** What a comparison works with. */
export type ComparisonParts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly observe: (egressId: string, sighting: Sighting) => void;
  readonly isEvidenceTrusted: () => boolean;
};

export type ComparisonPlan = {
  readonly suspect: UplinkEgress;
  readonly suspectDepth: ProbeDepth;
  /** The egress to compare with; null: none, or the host was just reached by `reachedBy`. */
  readonly other: UplinkEgress | null;
  readonly otherDepth: ProbeDepth;
  readonly reachedBy: string | null;
  /** How long the host took through another egress, where that is known already. */
  readonly elsewhereMs: number | null;
  readonly site: string;
  readonly to: HostAddress;
  /** Of the suspect; null where nothing was measured. */
  readonly p95ConnectMs: number | null;
  readonly p95ReplyMs: number | null;
  readonly timeoutMs: number;
  /** Half the patience is over, or the connect failed. True: ask this same host a second time. */
  readonly halfway: () => boolean;
  /** TCP connects and no greeting comes: may the other egress be greeted to compare? */
  readonly mayGreetAgain: () => boolean;
};

/** One call through the suspect. */
type Call = { readonly startedAt: number; connectedAt: number | null; over: boolean };

const greetingWaitMs = 250;
const mostExtensions = 5;

/**
 * Calls one host through a suspected egress and beside it through another one, and tells what came of it as
 * observations of both.
 *
 * The suspect's silence is told as a hasty failure as soon as the other one has answered and the suspect is past its
 * usual time; its own call goes on to the full time limit, so that a late answer can acquit it. Where TCP connects but
 * no greeting comes, greetings are compared in the same way.
 */
export class Comparison {
  /** `silent`: the host is reached, but not through the suspect, or the suspect's connect failed. */
  readonly result: Promise<'answers' | 'silent'>;
  readonly startedAt: number;
  /** The result is known. */
  settled = false;
  readonly #parts: ComparisonParts;
  readonly #plan: ComparisonPlan;
  readonly #settle: (result: 'answers' | 'silent') => void;
  readonly #calls: Call[] = [];
  readonly #probes: Probe[] = [];
  readonly #timers: Timer[] = [];
  #elsewhereMs: number | null;
  #otherGreetingMs: number | null = null;
  /** The suspect has given a sign of life: a greeting, or TCP where that is all that is asked. */
  #lives = false;
  #askedHalfway = false;
  #extensions = 0;

  constructor(parts: ComparisonParts, plan: ComparisonPlan) {
    this.#parts = parts;
    this.#plan = plan;
    this.startedAt = parts.clock.monotonic();
    this.#elsewhereMs = plan.reachedBy === null ? null : (plan.elsewhereMs ?? 0);
    const { promise, resolve } = Promise.withResolvers<'answers' | 'silent'>();
    this.result = promise;
    this.#settle = resolve;
    this.#callSuspect();
    if (plan.other !== null) this.#callOther(plan.other, plan.otherDepth);
    const wait = probeWaitMs(plan.p95ConnectMs, this.#elsewhereMs);
    this.#after(wait / 2, () => {
      if (!this.#connected) this.#halfway();
    });
    this.#after(wait, () => this.#judge());
    this.#after(plan.timeoutMs, () => this.#resolve(this.#connected ? 'answers' : 'silent'));
  }

  cancel(): void {
    for (const timer of this.#timers) timer.cancel();
    for (const probe of this.#probes) probe.cancel();
    this.#resolve('answers');
  }

  get #connected(): boolean {
    return this.#calls.some(call => call.connectedAt !== null);
  }

  #callSuspect(): void {
    const { suspect, suspectDepth: depth, site, to, timeoutMs } = this.#plan;
    const call: Call = { startedAt: this.#now(), connectedAt: null, over: false };
    this.#calls.push(call);
    const events = {
      connected: (connectMs: number) => {
        call.connectedAt = this.#now();
        this.#parts.observe(suspect.id, { kind: 'connected', at: this.#now(), site, to, connectMs });
        if (depth === 'knock') this.#alive();
        else this.#awaitGreeting();
      },
      greeted: () => {
        this.#parts.observe(suspect.id, { kind: 'answered', at: this.#now(), site, to, probe: true });
        this.#alive();
      },
      failed: (error: { kind: FailureKind; message: string }, waitedMs: number) => {
        call.over = true;
        this.#tell(waitedMs, { error, overtaken: false, stage: 'connect' });
        this.#halfway();
      },
      over() {},
    };
    this.#probes.push(new Probe(this.#parts, suspect, to, { depth, timeoutMs }, events));
  }

  #callOther(other: UplinkEgress, depth: ProbeDepth): void {
    const { site, to, timeoutMs } = this.#plan;
    let connectedMs = 0;
    const events = {
      connected: (connectMs: number) => {
        connectedMs = connectMs;
        this.#elsewhereMs ??= connectMs;
        this.#parts.observe(other.id, { kind: 'connected', at: this.#now(), site, to, connectMs });
        this.#judge();
      },
      greeted: (_reply: unknown, elapsedMs: number) => {
        this.#parts.observe(other.id, { kind: 'answered', at: this.#now(), site, to, probe: true });
        this.#otherGreetingMs = elapsedMs - connectedMs;
        this.#judge();
      },
      failed: (error: { kind: FailureKind; message: string }, waitedMs: number) =>
        this.#parts.observe(other.id, {
          kind: 'failed',
          at: this.#now(),
          site,
          to,
          error,
          waitedMs,
          overtaken: false,
          reachedBy: null,
          probe: true,
        }),
      over() {},
    };
    this.#probes.push(new Probe(this.#parts, other, to, { depth, timeoutMs }, events));
  }

  #alive(): void {
    this.#lives = true;
    this.#resolve('answers');
  }

  /** Is a call past its time while the other egress has had what it waits for? Asked whenever either side changes. */
  #judge(): void {
    if (this.#lives) return;
    const connected = this.#connected;
    if (connected ? this.#otherGreetingMs === null : this.#elsewhereMs === null) return;
    const now = this.#now();
    const wait = connected ? this.#greetingWait() : this.#connectWait();
    for (const call of this.#calls) {
      const since = connected ? call.connectedAt : call.startedAt;
      if (call.over || since === null) continue;
      if (now - since < wait) {
        this.#after(wait - (now - since), () => this.#judge());
      } else if (!this.#parts.isEvidenceTrusted() && this.#extensions < mostExtensions) {
        // Our own event loop was late: what has come meanwhile must be read first.
        this.#extensions += 1;
        this.#after(greetingWaitMs, () => this.#judge());
      } else {
        call.over = true;
        const waitedMs = now - since;
        const stage = connected ? 'greeting' : 'connect';
        const message = `no ${connected ? 'greeting' : 'answer'} in ${Math.round(waitedMs)} ms`;
        this.#halfway();
        this.#tell(waitedMs, { error: { kind: 'timeout', message }, overtaken: true, stage });
      }
    }
  }

  #awaitGreeting(): void {
    this.#after(this.#greetingWait() / 2, () => {
      if (this.#lives) return;
      const { other, otherDepth, mayGreetAgain } = this.#plan;
      if (other !== null && otherDepth === 'knock' && mayGreetAgain()) this.#callOther(other, 'greet');
      this.#halfway();
    });
    this.#judge();
  }

  #connectWait(): number {
    return probeWaitMs(this.#plan.p95ConnectMs, this.#elsewhereMs);
  }

  #greetingWait(): number {
    return Math.max(greetingWaitMs, 3 * (this.#otherGreetingMs ?? 0), expectedReplyMs(this.#plan.p95ReplyMs));
  }

  #tell(waitedMs: number, failure: Pick<Failed, 'error' | 'overtaken' | 'stage'>): void {
    const { suspect, site, to, other, reachedBy } = this.#plan;
    this.#parts.observe(suspect.id, {
      kind: 'failed',
      at: this.#now(),
      site,
      to,
      waitedMs,
      reachedBy: this.#elsewhereMs === null ? null : (reachedBy ?? other?.id ?? null),
      probe: true,
      ...failure,
    });
    this.#resolve('silent');
  }

  #halfway(): void {
    if (this.#askedHalfway) return;
    this.#askedHalfway = true;
    if (this.#plan.halfway()) this.#callSuspect();
  }

  #resolve(result: 'answers' | 'silent'): void {
    this.settled = true;
    this.#settle(result);
  }

  #after(ms: number, then: () => void): void {
    this.#timers.push(this.#parts.clock.timer(ms, then));
  }

  #now(): number {
    return this.#parts.clock.monotonic();
  }
}

type Failed = Extract<Sighting, { kind: 'failed' }>;
type FailureKind = Failed['error']['kind'];
