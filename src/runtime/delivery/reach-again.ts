import type { Group } from './group.ts';

/**
 * A site that could not be reached is tried again within the attempt, for it takes a moment until it is known that it
 * was our uplinks and not the site; not where the failure itself took long.
 */
const waitsMs = [3_000, 7_000];
const quickFailureMs = 10_000;
/** Recipients that wait in memory for a site that nobody reached, before its next try; more are put off at once. */
const waitingLimit = 1_000;

/** The quick tries of groups whose site nobody reached. */
export class ReachAgain {
  readonly #tries = new WeakMap<Group, number>();
  #waiting = 0;

  /** Recipients that wait for their next try. */
  get waiting(): number {
    return this.#waiting;
  }

  /** A part of a group has had the tries of the whole. */
  carry(whole: Group, part: Group): void {
    const tries = this.#tries.get(whole) ?? 0;
    if (tries > 0 && part !== whole) this.#tries.set(part, tries);
  }

  /**
   * Counts one more try, and gives how long it waits, ms; null: there were enough. `began` when it waits, `ended` when
   * it is over.
   */
  takeTry(group: Group, elapsedMs: number): number | null {
    const tries = this.#tries.get(group) ?? 0;
    const waitMs = waitsMs[tries];
    if (waitMs === undefined || elapsedMs > quickFailureMs || this.#waiting >= waitingLimit) return null;
    this.#tries.set(group, tries + 1);
    return waitMs;
  }

  began(group: Group): void {
    this.#waiting += group.length;
  }

  ended(group: Group): void {
    this.#waiting -= group.length;
  }
}
