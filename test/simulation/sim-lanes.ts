import type { SimClock } from './sim-clock.ts';

/** What happens to a process from one source, in its order: the events of one connection, one timer, one answer. */
export class Lane {
  readonly waiting: (() => void)[] = [];
  /** One of its events is being told. */
  busy = false;
  /** Its events wait until `Lanes.open` while this is set. */
  closed = false;
}

/**
 * Hands to a program what happens to it: one step at a time, in order within a lane, and across lanes at once or as
 * late as `lateness` draws, so that no program may count on an order that nobody promised. While it is stopped all waits.
 */
export class Lanes {
  readonly #clock: SimClock;
  readonly #lateness: () => number;
  readonly #step: () => boolean;
  readonly #held = new Set<Lane>();
  #stopped = false;

  /** `lateness` in ms, 0: at once. `step` is asked before each step, which is lost where it says false. */
  constructor(clock: SimClock, lateness: () => number, step: () => boolean) {
    this.#clock = clock;
    this.#lateness = lateness;
    this.#step = step;
  }

  deliver(lane: Lane, happens: () => void): void {
    const late = this.#lateness();
    const isFree = lane.waiting.length === 0 && !lane.busy;
    if (isFree && late === 0 && !this.#stopped && !lane.closed) {
      if (this.#step()) happens();
      return;
    }
    this.#wait(lane, late, happens);
  }

  /** Never within the call of the program that brings it about. */
  deliverSoon(lane: Lane, happens: () => void): void {
    this.#wait(lane, this.#lateness(), happens);
  }

  open(lane: Lane): void {
    lane.closed = false;
    if (!this.#stopped && this.#held.delete(lane)) this.#later(lane, 0);
  }

  stop(): void {
    this.#stopped = true;
  }

  goOn(): void {
    this.#stopped = false;
    for (const lane of this.#held) if (!lane.closed) this.open(lane);
  }

  #wait(lane: Lane, late: number, happens: () => void): void {
    lane.waiting.push(happens);
    if (lane.waiting.length === 1 && !lane.busy) this.#later(lane, late);
  }

  #later(lane: Lane, ms: number): void {
    this.#clock.after(ms, () => this.#next(lane));
  }

  #next(lane: Lane): void {
    if (this.#stopped || lane.closed) {
      this.#held.add(lane);
      return;
    }
    const happens = lane.waiting.shift();
    if (happens === undefined) return;
    lane.busy = true;
    if (this.#step()) happens();
    lane.busy = false;
    if (lane.waiting.length > 0) this.#later(lane, this.#lateness());
  }
}
