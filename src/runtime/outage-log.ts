import type { Outage } from '../decision/queue/queued.ts';
import type { Clock, QueueStore } from './ports.ts';

/** Outages older than this can reach no message: twice the longest time that mail is kept. */
const keptMs = 60 * 24 * 60 * 60_000;

/**
 * Remembers when no uplink was up, over restarts: that time does not count toward expiry.
 * An outage that lasted when we stopped ends at our next start, for nobody watched meanwhile.
 */
export class OutageLog {
  readonly #clock: Clock;
  readonly #store: QueueStore;
  #outages: readonly Outage[] = [];

  constructor(clock: Clock, store: QueueStore) {
    this.#clock = clock;
    this.#store = store;
  }

  async start(): Promise<void> {
    const stored = await this.#store.outages();
    const now = this.#clock.now();
    if (stored.ok) this.#outages = stored.value.map(outage => ({ from: outage.from, to: outage.to ?? now }));
  }

  /** Oldest first; the last one has no end while it lasts. */
  get outages(): readonly Outage[] {
    return this.#outages;
  }

  /** To be told of every change of "some uplink can be used". */
  note(anyUsable: boolean): void {
    const now = this.#clock.now();
    const last = this.#outages.at(-1);
    const lasting = last !== undefined && last.to === null;
    if (anyUsable !== lasting) return;
    const kept = this.#outages.filter(outage => (outage.to ?? now) > now - keptMs);
    this.#outages = lasting
      ? kept.map(outage => (outage === last ? { from: outage.from, to: Math.max(now, outage.from) } : outage))
      : [...kept, { from: now, to: null }];
    void this.#store.saveOutages(this.#outages);
  }
}
