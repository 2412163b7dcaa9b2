import type { IdentityFinding } from '../../decision/audit/egress-finding.ts';
import { identityFindings } from '../../decision/audit/identity-findings.ts';
import type { UplinkSetting, WhenUnfit } from '../../decision/egress/egress.ts';
import { type FitnessState, newFitness, nextTestMs, stepFitness } from '../../decision/egress/fitness.ts';
import type { Moment } from '../../decision/egress/health.ts';
import type { EgressSnapshot, Fitness } from '../../decision/egress/health-state.ts';
import type { Resolver } from '../dns/resolver.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Timer } from '../ports.ts';
import {
  type GatheredIdentity,
  gatherIdentity,
  type IdentityBasis,
  identityBasis,
} from './gather-identity.ts';

type Parts = {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly resolver: Pick<Resolver, 'resolveAnew'>;
  /** Where the addresses of interfaces are read. */
  readonly snapshot: () => EgressSnapshot;
  /** Told at each change. */
  readonly judged: (egressId: string, fit: Fitness, reason: string) => void;
};

/** One egress under watch. */
type Subject = {
  readonly basis: IdentityBasis;
  readonly key: string;
  whenUnfit: WhenUnfit;
  state: FitnessState;
  timer: Timer | null;
};

/** One test of one egress, on somebody's word. */
export type IdentityTest = {
  readonly egress: string;
  readonly findings: readonly IdentityFinding[];
  readonly tookMs: GatheredIdentity['tookMs'];
  /** What it counts as, this test included. */
  readonly fit: Fitness;
  readonly reason: string;
};

/**
 * Tests the identity of each egress at start, hourly, and every 5 min while something is amiss; tells whoever chooses
 * among them, and the operator once at each change. An egress whose address and name stay keeps what was found when the
 * configuration changes.
 */
export class IdentityWatch {
  readonly #parts: Parts;
  readonly #subjects = new Map<string, Subject>();
  /** Egresses that the operator was told are unfit, with their uplink. */
  readonly #told = new Map<string, string>();
  #uplinks: readonly UplinkSetting[] = [];
  #running = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  start(uplinks: readonly UplinkSetting[]): void {
    this.#running = true;
    this.reload(uplinks);
  }

  stop(): void {
    this.#running = false;
    for (const subject of this.#subjects.values()) subject.timer?.cancel();
  }

  reload(uplinks: readonly UplinkSetting[]): void {
    this.#uplinks = uplinks;
    this.look();
  }

  /** The addresses of the host may have changed: who has a new identity is tested anew. */
  look(): void {
    if (!this.#running) return;
    const snapshot = this.#parts.snapshot();
    const gone = new Set(this.#subjects.keys());
    for (const uplink of this.#uplinks)
      for (const setting of uplink.egresses) {
        gone.delete(setting.id);
        this.#watch(identityBasis(uplink, setting, snapshot), uplink.whenUnfit);
      }
    for (const id of gone) this.#forget(id);
  }

  /** Tests each egress of the uplink now. */
  async test(uplink: string): Promise<readonly IdentityTest[]> {
    const own = [...this.#subjects.values()].filter(({ basis }) => basis.uplink === uplink);
    return Promise.all(own.map(subject => this.#test(subject)));
  }

  #watch(basis: IdentityBasis, whenUnfit: WhenUnfit): void {
    const key = JSON.stringify([basis.uplink, basis.publicAddress, basis.ehlo, basis.smartHost]);
    const known = this.#subjects.get(basis.egress);
    if (known?.key === key) {
      known.whenUnfit = whenUnfit;
      return;
    }
    known?.timer?.cancel();
    const subject: Subject = { basis, key, whenUnfit, state: newFitness(this.#moment()), timer: null };
    this.#subjects.set(basis.egress, subject);
    this.#parts.judged(basis.egress, subject.state.fit, subject.state.reason);
    void this.#test(subject);
  }

  #forget(id: string): void {
    this.#subjects.get(id)?.timer?.cancel();
    this.#subjects.delete(id);
    const uplink = this.#told.get(id);
    if (uplink === undefined) return;
    this.#told.delete(id);
    this.#tell(id, uplink, 'fit', 'unfit', this.#parts.clock.now(), `${id} is configured no more.`);
  }

  async #test(subject: Subject): Promise<IdentityTest> {
    const { clock, resolver } = this.#parts;
    const { facts, tookMs } = await gatherIdentity(resolver, clock, subject.basis);
    const findings = identityFindings(facts);
    if (this.#isCurrent(subject)) {
      this.#adopt(subject, stepFitness(subject.state, findings, this.#moment()));
      this.#arm(subject);
    }
    const { fit, reason } = subject.state;
    return { egress: subject.basis.egress, findings, tookMs, fit, reason };
  }

  #isCurrent(subject: Subject): boolean {
    return this.#running && this.#subjects.get(subject.basis.egress) === subject;
  }

  #arm(subject: Subject): void {
    subject.timer?.cancel();
    subject.timer = this.#parts.clock.timer(nextTestMs(subject.state, this.#moment()), () => {
      void this.#test(subject);
    });
  }

  #adopt(subject: Subject, next: FitnessState): void {
    const before = subject.state;
    subject.state = next;
    this.#tellElsewhere(subject, before.elsewhere, next.elsewhere);
    if (next.fit === before.fit && next.reason === before.reason) return;
    const { egress, uplink } = subject.basis;
    this.#parts.judged(egress, next.fit, next.reason);
    if (next.fit === 'unfit' && before.fit !== 'unfit' && !this.#told.has(egress)) {
      this.#told.set(egress, uplink);
      const reason = `${next.reason} ${consequence[subject.whenUnfit]}`;
      this.#tell(egress, uplink, 'unfit', before.fit, next.since, reason);
    }
    // An address that has gone takes its trouble with it only until the next one comes.
    if (next.fit === 'unfit' || subject.basis.publicAddress === null || !this.#told.delete(egress)) return;
    const reason =
      next.fit === 'fit'
        ? `PTR, forward match and EHLO name of ${egress} are as they should be.`
        : next.reason;
    this.#tell(egress, uplink, 'fit', 'unfit', next.since, reason);
  }

  #tellElsewhere({ basis }: Subject, before: string | null, after: string | null): void {
    if (after === null || before !== null) return;
    const { clock, events } = this.#parts;
    events.emit({ kind: 'warning', at: clock.now(), subject: `identity ${basis.egress}`, message: after });
  }

  #tell(
    subject: string,
    uplink: string,
    state: 'fit' | 'unfit',
    previous: Fitness,
    since: number,
    reason: string,
  ): void {
    const { clock, events } = this.#parts;
    events.emit({
      kind: 'condition',
      at: clock.now(),
      condition: { kind: 'identity', subject, uplink, state, previous, since, reason },
    });
  }

  #moment(): Moment {
    return { wall: this.#parts.clock.now(), monotonic: this.#parts.clock.monotonic() };
  }
}

const consequence: Readonly<Record<WhenUnfit, string>> = {
  last: 'It is used last until that is mended.',
  hold: 'Its mail waits until that is mended.',
  use: 'It is used all the same, as the configuration says.',
};
