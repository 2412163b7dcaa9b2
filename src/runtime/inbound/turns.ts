import { clientKey } from '../../decision/admission/client-networks.ts';
import { FairTurns } from '../../decision/admission/fair-turns.ts';
import type { Clock } from '../ports.ts';

/** After so much time for strangers all else has its turn: deliveries, our own networks, new calls. */
const spellMs = 2;
const pauseMs = 1;
/** While calls come in one after the other, so many pauses are made in a row: who is not heard yet goes first. */
const mostPauses = 10;

/** Gives strangers their turns: at once while there is time, and when there is not, each client as much as the next. */
export class Turns {
  readonly #clock: Clock;
  readonly #waiting = new FairTurns<() => void>();
  #spentMs = 0;
  #pausing = false;
  #called = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does `work` for the client of this address now (true), or when its turn comes. It must not throw. */
  take(address: string, work: () => void): boolean {
    if (this.#pausing) {
      this.#waiting.add(clientKey(address), work);
      return false;
    }
    this.#do(work);
    return true;
  }

  /** Somebody called just now. */
  called(): void {
    this.#called = true;
  }

  #do(work: () => void): number {
    const begun = this.#clock.monotonic();
    work();
    const cost = this.#clock.monotonic() - begun;
    this.#spentMs += cost;
    if (this.#spentMs >= spellMs) this.#pause();
    return cost;
  }

  #pause(more = mostPauses): void {
    this.#pausing = true;
    this.#called = false;
    this.#clock.timer(pauseMs, () => {
      if (this.#called && more > 1) this.#pause(more - 1);
      else this.#goOn();
    });
  }

  #goOn(): void {
    this.#spentMs = 0;
    this.#pausing = false;
    while (!this.#pausing) {
      const next = this.#waiting.next();
      if (next === null) return;
      this.#waiting.charge(next.client, this.#do(next.work));
    }
  }
}
