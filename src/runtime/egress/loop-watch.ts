import type { Clock, Timer } from '../ports.ts';

const tickMs = 100;
const lateMs = 100;
/** So long after a late turn its consequences (answers that lay unread) may still be to come. */
const shadowMs = 200;

/** Sees whether our own event loop is late: then silence is our own fault, and no evidence. */
export class LoopWatch {
  readonly #clock: Clock;
  #timer: Timer | null = null;
  #expectedAt = 0;
  #distrustedUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(): void {
    if (this.#timer === null) this.#tick();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  isTrusted(): boolean {
    const now = this.#clock.monotonic();
    if (this.#timer !== null && now - this.#expectedAt > lateMs) this.#distrustedUntil = now + shadowMs;
    return now >= this.#distrustedUntil;
  }

  #tick(): void {
    this.#expectedAt = this.#clock.monotonic() + tickMs;
    this.#timer = this.#clock.timer(tickMs, () => {
      this.isTrusted();
      this.#tick();
    });
  }
}
