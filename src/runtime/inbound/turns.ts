import { clientKey } from '../../decision/admission/client-networks.ts';
import { FairTurns } from '../../decision/admission/fair-turns.ts';
import type { Clock } from '../ports.ts';

/** After so much time for strangers all else has its turn: deliveries, our own networks, new calls. */
const spellMs = 2;
const pauseMs = 1;
/** While calls come in one after the other, so many pauses are made in a row, in which only who asks for little is served. */
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
    const client = clientKey(address);
    if (this.#pausing) {
      this.#waiting.add(client, work, this.#clock.monotonic());
      return false;
    }
    this.#do(client, work);
    if (this.#spentMs >= spellMs) this.#pause(mostPauses);
    return true;
  }

  /** Somebody called just now. */
  called(): void {
    this.#called = true;
  }

  #pause(more: number): void {
    this.#pausing = true;
    this.#called = false;
    this.#clock.timer(pauseMs, () => {
      const urgent = this.#called && more > 1;
      this.#spentMs = 0;
      this.#serve(urgent);
      if (urgent) this.#pause(more - 1);
      else if (this.#spentMs >= spellMs) this.#pause(mostPauses);
      else this.#pausing = false;
    });
  }

  #serve(urgent: boolean): void {
    while (this.#spentMs < spellMs) {
      const next = this.#waiting.next(urgent);
      if (next === null) return;
      this.#do(next.client, next.work);
    }
  }

  #do(client: string, work: () => void): void {
    const begun = this.#clock.monotonic();
    work();
    const now = this.#clock.monotonic();
    this.#spentMs += now - begun;
    this.#waiting.charge(client, now - begun, now);
  }
}
