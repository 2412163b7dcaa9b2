import type { MessageId } from '../../decision/queue/queued.ts';
import type { Clock, QueueStore } from '../ports.ts';

const limit = 10_000;
const wokenAtOnce = 100;

/**
 * Messages that a stand-in was refused with: they are due at once when a better egress is usable again. Bounded, and of
 * this life only; the schedule finds the others.
 */
export class AwaitingPreferred {
  readonly #parts: {
    readonly clock: Clock;
    readonly store: Pick<QueueStore, 'retry'>;
    readonly woken: () => void;
  };
  readonly #ids = new Set<MessageId>();

  constructor(parts: {
    readonly clock: Clock;
    readonly store: Pick<QueueStore, 'retry'>;
    readonly woken: () => void;
  }) {
    this.#parts = parts;
  }

  add(id: MessageId): void {
    if (this.#ids.size < limit) this.#ids.add(id);
  }

  async wake(): Promise<void> {
    const { clock, store, woken } = this.#parts;
    const ids = [...this.#ids];
    this.#ids.clear();
    const now = clock.now();
    for (let start = 0; start < ids.length; start += wokenAtOnce) {
      const some = ids.slice(start, start + wokenAtOnce);
      await Promise.all(some.map(message => store.retry({ message, state: 'deferred' }, now)));
      woken();
    }
  }
}
