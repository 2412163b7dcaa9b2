import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import type { EventStream } from '../events.ts';
import type { Clock, QueueStore, Timer } from '../ports.ts';

export const leaseMs = 5 * 60_000;
const batchRecipients = 200;
/** The store is asked so often whatever is known: other nodes may have left something, and the calendar may jump. */
const longestWaitMs = 60_000;
const failedWaitMs = 5_000;

/** Fetches what is due from the store, as far as there is room. Wall ms, but for waits. */
export class StoreFeed {
  readonly #parts: {
    readonly clock: Clock;
    readonly store: QueueStore;
    readonly events: EventStream;
    readonly owner: string;
    readonly room: () => number;
    readonly leased: (leased: readonly LeasedRecipient[]) => void;
  };
  #timer: Timer | null = null;
  #dueAt = Number.POSITIVE_INFINITY;
  #fetching = false;
  #again = false;
  #starved = false;
  #stopped = false;

  constructor(parts: {
    readonly clock: Clock;
    readonly store: QueueStore;
    readonly events: EventStream;
    readonly owner: string;
    readonly room: () => number;
    readonly leased: (leased: readonly LeasedRecipient[]) => void;
  }) {
    this.#parts = parts;
  }

  /** Looks for what is due now. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#fetching) {
      this.#again = true;
      return;
    }
    void this.#fetch();
  }

  /** Something will be due at `at`. */
  dueAt(at: number): void {
    if (at < this.#dueAt) this.#waitUntil(at);
  }

  /** There may be room again. */
  roomFreed(): void {
    if (this.#starved) this.wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #fetch(): Promise<void> {
    const { store, owner, clock, room, leased } = this.#parts;
    this.#fetching = true;
    this.#again = false;
    this.#starved = false;
    let next: number | null = null;
    for (;;) {
      const limit = Math.min(room(), batchRecipients);
      if (this.#stopped) break;
      if (limit <= 0) {
        this.#starved = true;
        break;
      }
      const now = clock.now();
      const got = await store.lease({ owner, now, until: now + leaseMs, limit });
      if (!got.ok) {
        this.#complain(got.error.message);
        next = now + failedWaitMs;
        break;
      }
      if (got.value.length > 0) leased(got.value);
      if (got.value.length >= limit) continue;
      const due = await store.nextDue();
      next = due.ok ? due.value : now + failedWaitMs;
      break;
    }
    this.#fetching = false;
    if (this.#stopped) return;
    if (this.#again) return this.wake();
    this.#waitUntil(next ?? Number.POSITIVE_INFINITY);
  }

  #waitUntil(at: number): void {
    if (this.#stopped || this.#fetching) {
      this.#again = this.#fetching;
      return;
    }
    this.#timer?.cancel();
    this.#dueAt = at;
    const waitMs = Math.min(longestWaitMs, Math.max(1, at - this.#parts.clock.now()));
    this.#timer = this.#parts.clock.timer(waitMs, () => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.wake();
    });
  }

  #complain(why: string): void {
    const { clock, events } = this.#parts;
    const message = `The queue cannot be read, so what is due waits and is tried again in a moment: ${why}`;
    events.emit({ kind: 'warning', at: clock.now(), subject: 'queue', message });
  }
}
