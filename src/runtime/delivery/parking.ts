import type { Clock, Timer } from '../ports.ts';
import type { Group } from './group.ts';

/** The first second of recovery lets so many go, each further one twice as many. */
const firstPerSecond = 50;
const ticksPerSecond = 10;

/**
 * Messages that wait in memory because no uplink can take them. When one comes back they leave in order and at a
 * measured pace, slow at first, so that a link that only half lives is not flooded and receivers are not either.
 */
export class Parking {
  readonly #clock: Clock;
  readonly #release: (group: Group) => void;
  readonly #isOpen: () => boolean;
  /** Since the last return of an uplink. */
  #waiting: Group[] = [];
  /** On their way out; one that finds no uplink after all waits for the next return. */
  #leaving: Group[] = [];
  #recipients = 0;
  #timer: Timer | null = null;
  #perTick = 0;

  /** `isOpen`: can any uplink be used now? */
  constructor(clock: Clock, isOpen: () => boolean, release: (group: Group) => void) {
    this.#clock = clock;
    this.#isOpen = isOpen;
    this.#release = release;
  }

  get recipients(): number {
    return this.#recipients;
  }

  add(group: Group): void {
    this.#waiting.push(group);
    this.#recipients += group.length;
  }

  /** An uplink came back. */
  open(): void {
    this.#leaving = this.#leaving.concat(this.#waiting);
    this.#waiting = [];
    if (this.#timer !== null || this.#leaving.length === 0) return;
    this.#perTick = firstPerSecond / ticksPerSecond;
    this.#timer = this.#clock.timer(0, () => this.#tick(0));
  }

  /** Takes out the groups for which `leaves` holds. */
  takeOut(leaves: (group: Group) => boolean): Group[] {
    const taken = [...this.#leaving, ...this.#waiting].filter(leaves);
    if (taken.length === 0) return taken;
    const gone = new Set(taken);
    this.#leaving = this.#leaving.filter(group => !gone.has(group));
    this.#waiting = this.#waiting.filter(group => !gone.has(group));
    for (const group of taken) this.#recipients -= group.length;
    return taken;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #tick(count: number): void {
    this.#timer = null;
    if (!this.#isOpen()) {
      this.#waiting = this.#leaving.concat(this.#waiting);
      this.#leaving = [];
      return;
    }
    const now = this.#leaving.splice(0, this.#perTick);
    for (const group of now) this.#recipients -= group.length;
    if (this.#leaving.length > 0) {
      if (count % ticksPerSecond === ticksPerSecond - 1) this.#perTick *= 2;
      this.#timer = this.#clock.timer(1_000 / ticksPerSecond, () => this.#tick(count + 1));
    }
    for (const group of now) this.#release(group);
  }
}
