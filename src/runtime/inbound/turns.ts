import { clientKey } from '../../decision/admission/client-networks.ts';
import { FairTurns } from '../../decision/admission/fair-turns.ts';
import type { Clock } from '../ports.ts';

/** After so much time for strangers, ms, all else has its turn: deliveries, our own networks, new calls. */
const spellMs = 2;
/** The same while calls come in: they wait in a line in which nobody goes first, so it must be kept short. */
const spellAmongCallsMs = 0.5;

/** What a call takes of the kernel and of Node beside what we see, ms, about. */
const unseenCallMs = 0.1;

/** Gives strangers their turns: at once while there is time, and when there is not, whoever took least of it goes first. */
export class Turns {
  readonly #clock: Clock;
  readonly #waiting = new FairTurns<() => void>();
  #spentMs = 0;
  #pausing = false;
  #called = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Does `work` for the client of this address now (null), or when its turn comes: then gives the way to withdraw it.
   * It must not throw.
   */
  take(address: string, work: () => void): (() => void) | null {
    const client = clientKey(address);
    if (this.#pausing) return this.#waiting.add(client, work, this.#clock.monotonic());
    this.#spentMs += this.#do(client, work);
    if (this.#spentMs >= spellMs) this.#pause();
    return null;
  }

  /** Somebody called from this address just now, and `work` is what is done about it at once. It must not throw. */
  called(address: string, work: () => void): void {
    this.#called = true;
    const client = clientKey(address);
    this.#do(client, work);
    this.#waiting.charge(client, unseenCallMs, this.#clock.monotonic());
  }

  #pause(): void {
    this.#pausing = true;
    this.#called = false;
    this.#clock.timer(0, () => {
      const spell = this.#called ? spellAmongCallsMs : spellMs;
      this.#spentMs = 0;
      while (this.#spentMs < spell) {
        const next = this.#waiting.next();
        if (next === null) {
          this.#pausing = false;
          return;
        }
        this.#spentMs += this.#do(next.client, next.work);
      }
      this.#pause();
    });
  }

  /** Gives what it took, ms. */
  #do(client: string, work: () => void): number {
    const begun = this.#clock.monotonic();
    work();
    const now = this.#clock.monotonic();
    this.#waiting.charge(client, now - begun, now);
    return now - begun;
  }
}
