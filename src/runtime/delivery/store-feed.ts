import { type LeasedRecipient, leaseMs } from '../../decision/queue/queued.ts';
import type { EventStream } from '../events.ts';
import type { Clock, LeaseLimits, QueueStore, Timer } from '../ports.ts';

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
    /** How many more may come, of each kind. */
    readonly limits: () => LeaseLimits;
    readonly leased: (leased: readonly LeasedRecipient[]) => void;
  };
  #timer: Timer | null = null;
  #dueAt = Number.POSITIVE_INFINITY;
  #fetching = false;
  #again = false;
  /** Of these kinds more may be due than there was room for. */
  readonly #starved = { fresh: false, retried: false };
  #stopped = false;

  constructor(parts: {
    readonly clock: Clock;
    readonly store: QueueStore;
    readonly events: EventStream;
    readonly owner: string;
    /** How many more may come, of each kind. */
    readonly limits: () => LeaseLimits;
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

  /** There may be room again; a batch must fit, for a look costs the store a commit. */
  roomFreed(): void {
    const { fresh, retried } = this.#starved;
    if (!fresh && !retried) return;
    const room = this.#parts.limits();
    if ((fresh && room.fresh >= batchRecipients) || (retried && room.retried >= batchRecipients)) this.wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #fetch(): Promise<void> {
    const { store, owner, clock, limits, leased } = this.#parts;
    this.#fetching = true;
    this.#again = false;
    let next: number | null = null;
    for (;;) {
      const room = limits();
      if (this.#stopped) break;
      // New mail first; what waits for a retry has a share of the room that no new mail takes.
      const fresh = Math.min(room.fresh, batchRecipients);
      const retried = Math.min(room.retried, batchRecipients);
      // What is full now may have more due, which waits for room and not for a time.
      this.#starved.fresh = fresh <= 0;
      this.#starved.retried = retried <= 0;
      if (fresh + retried <= 0) break;
      const now = clock.now();
      const got = await store.lease({ owner, now, until: now + leaseMs, limits: { fresh, retried } });
      if (!got.ok) {
        this.#complain(got.error.message);
        next = now + failedWaitMs;
        break;
      }
      if (got.value.length > 0) leased(got.value);
      if (got.value.length >= Math.min(fresh || retried, retried || fresh)) continue;
      const due = await store.nextDue(fresh <= 0 ? 'retried' : retried <= 0 ? 'fresh' : undefined);
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
