import type { Clock, Timer } from '../../src/runtime/ports.ts';

type Event = { readonly at: number; readonly order: number; fire: (() => void) | null };

/** 2026-01-01T00:00:00Z: where the simulated calendar begins. */
const EPOCH = Date.UTC(2026, 0, 1);

/**
 * Time that passes only when it is told to.
 *
 * Events fire in the order of their time, and among equals in the order in which they were set. Between two events all
 * that the first has set in motion (promises, next ticks) comes to rest, as it would on an idle machine. Nothing here
 * waits for the real clock, so hours pass in seconds and one seed gives one history.
 */
export class SimClock implements Clock {
  #monotonic = 0;
  #jumped = 0;
  #order = 0;
  readonly #heap: Event[] = [];

  now(): number {
    return EPOCH + Math.floor(this.#monotonic) + this.#jumped;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** As Node's timers are: whole milliseconds, the fraction cut off, and never less than one. */
  timer(ms: number, fire: () => void): Timer {
    return this.after(Math.max(1, Math.trunc(ms)), fire);
  }

  /** For the simulated world itself, whose packets know fractions of a millisecond. */
  after(ms: number, fire: () => void): Timer {
    const event: Event = { at: this.#monotonic + Math.max(0, ms), order: this.#order++, fire };
    this.#push(event);
    return {
      cancel: () => {
        event.fire = null;
      },
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      if (signal?.aborted) return resolve();
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const timer = this.timer(ms, wake);
      const abort = (): void => {
        timer.cancel();
        wake();
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** The operator, or NTP, sets the calendar: durations are not touched. */
  jumpWall(ms: number): void {
    this.#jumped += ms;
  }

  /** Our own process stood still (a long collection, a suspended machine): all timers of that time fire late. */
  stall(ms: number): void {
    this.#monotonic += ms;
  }

  /** Lets `ms` pass. */
  async run(ms: number): Promise<void> {
    await this.runUntil(() => false, ms);
  }

  /** Lets time pass until `reached` holds, looked at after each event; at most `ms`. Gives whether it was reached. */
  async runUntil(reached: () => boolean, ms: number): Promise<boolean> {
    const end = this.#monotonic + ms;
    await rest();
    while (!reached()) {
      const next = this.#heap[0];
      if (!next || next.at > end) {
        this.#monotonic = Math.max(this.#monotonic, end);
        return false;
      }
      this.#pop();
      if (!next.fire) continue;
      this.#monotonic = Math.max(this.#monotonic, next.at);
      next.fire();
      await rest();
    }
    return true;
  }

  /** Drives time for as long as a promise of the code under test needs it; at most `ms`. */
  async await<Value>(promise: Promise<Value>, ms = 3_600_000): Promise<Value> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    if (!(await this.runUntil(() => settled, ms)))
      throw new Error(`Nothing came of the promise within ${ms} simulated ms.`);
    return promise;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let child = heap.push(event) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent];
      if (!above || !before(event, above)) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      const right = heap[child + 1];
      let below = heap[child];
      if (!below) break;
      if (right && before(right, below)) {
        below = right;
        child += 1;
      }
      if (!before(below, last)) break;
      heap[parent] = below;
      parent = child;
    }
    heap[parent] = last;
  }
}

function before(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** One turn of the real event loop: every microtask and next tick is done after it. */
function rest(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve);
  });
}
