import type { Condition, ConditionKind } from '../../decision/notice/condition.ts';
import { type Notice, TellingPlan } from '../../decision/notice/telling-plan.ts';
import type { EventStream } from '../events.ts';
import type { NotifyTest } from '../gateway-control.ts';
import type { Clock } from '../ports.ts';
import type { NoticeWay } from './notice-way.ts';

export type WayTellerParts = {
  readonly clock: Clock;
  readonly events: EventStream;
  /** What was told has changed. */
  readonly changed: () => void;
};

/** Between tries of a way that fails; the last one goes on. */
const retryWaitsMs = [2_000, 10_000, 30_000, 60_000, 300_000];

/** Tells by one way, one notice after the other, and tries again what failed. Nobody waits for it. */
export class WayTeller {
  readonly plan: TellingPlan;
  readonly #way: NoticeWay;
  readonly #parts: WayTellerParts;
  readonly #closed = new AbortController();
  #wake: () => void = () => undefined;
  #failures = 0;
  #trying: { readonly notice: Notice; tries: number } | null = null;
  #leftOut = 0;

  constructor(way: NoticeWay, told: readonly Condition[], parts: WayTellerParts) {
    this.plan = new TellingPlan(told);
    this.#way = way;
    this.#parts = parts;
    void this.#run();
  }

  hear(condition: Condition): void {
    this.plan.hear(condition);
    this.#wake();
  }

  hearOfCarried(condition: Condition): void {
    this.plan.hearOfCarried(condition);
    this.#wake();
  }

  presumeOver(kinds: ReadonlySet<ConditionKind>, at: number): void {
    this.plan.presumeOver(kinds, at);
    this.#wake();
  }

  /** Tells a test at once, beside what waits, and only once. */
  async test(notice: Notice): Promise<NotifyTest> {
    const result = await this.#way.tell(notice, this.#closed.signal);
    const text = result.ok ? 'It was told.' : result.error;
    return { way: this.#way.name, ok: result.ok, text };
  }

  /** What is being told is cut short; what waits is left. */
  close(): void {
    this.#closed.abort();
    this.#wake();
  }

  async #run(): Promise<void> {
    const { clock } = this.#parts;
    while (!this.#closed.signal.aborted) {
      const next = this.plan.next(clock.monotonic());
      if (next === null) await this.#woken(null);
      else if (next.kind === 'wait') await this.#woken(next.ms);
      else await this.#tell(next.notice);
    }
  }

  async #tell(notice: Notice): Promise<void> {
    const { clock } = this.#parts;
    if (this.#trying?.notice !== notice) this.#trying = { notice, tries: 0 };
    this.#trying.tries += 1;
    const result = await this.#way.tell(notice, this.#closed.signal);
    if (this.#closed.signal.aborted) return;
    if (result.ok) {
      this.#works();
      this.#done(notice);
      return;
    }
    this.#fails(result.error);
    if (this.#trying.tries >= this.#way.mostTries) {
      this.#leftOut += 1;
      this.#done(notice);
    }
    const waitMs = retryWaitsMs[Math.min(this.#failures, retryWaitsMs.length) - 1] ?? 0;
    await clock.sleep(waitMs, this.#closed.signal);
  }

  #done(notice: Notice): void {
    this.#trying = null;
    this.plan.done(notice, this.#parts.clock.monotonic());
    this.#parts.changed();
  }

  /** Said once, until it works again. */
  #fails(why: string): void {
    this.#failures += 1;
    if (this.#failures > 1) return;
    this.#say('warning', `Notices by ${this.#way.name} fail, and are tried again: ${why}`);
  }

  #works(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    const lost = this.#leftOut + this.plan.leftOut;
    const without = lost === 0 ? '' : `; so far ${lost} were left out`;
    this.#say('notice', `Notices by ${this.#way.name} work again${without}.`);
  }

  #say(kind: 'warning' | 'notice', message: string): void {
    const { clock, events } = this.#parts;
    events.emit({ kind, at: clock.now(), subject: 'notify', message });
  }

  /** Until there is news, or `ms` are over. */
  async #woken(ms: number | null): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = ms === null ? null : this.#parts.clock.timer(ms, resolve);
    await promise;
    timer?.cancel();
  }
}
