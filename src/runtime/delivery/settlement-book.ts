import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import type { EventStream } from '../events.ts';
import type { Clock, NewMessage, QueueStore, Settlement } from '../ports.ts';
import { leasedReport } from './report-desk.ts';

export type SettlementBookParts = {
  readonly clock: Clock;
  readonly store: QueueStore;
  readonly events: EventStream;
  /** These are no longer ours, durably. */
  readonly freed: (leased: readonly LeasedRecipient[]) => void;
  /** Our own reports, leased to us. */
  readonly bounced: (leased: readonly LeasedRecipient[]) => void;
  /** Something in the store is due at this wall ms. */
  readonly due: (at: number) => void;
};

const firstRetryMs = 500;
const longestRetryMs = 30_000;

type Batch = {
  readonly settlements: Settlement[];
  readonly reports: NewMessage[];
  readonly freed: LeasedRecipient[];
  due: number;
};

/**
 * Writes down what became of recipients. All that comes while one commit runs is in the next. A commit that fails is
 * repeated until it holds, for a delivery that is not written down is one made twice.
 */
export class SettlementBook {
  readonly #parts: SettlementBookParts;
  #batch: Batch = emptyBatch();
  #writing: Promise<void> | null = null;
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: SettlementBookParts) {
    this.#parts = parts;
  }

  /** What is being written now; null: all is durable. */
  get writing(): Promise<void> | null {
    return this.#writing;
  }

  /** `late`: the recipient is not leased to us. What belongs together is added before one `write`. */
  add(leased: LeasedRecipient, to: Settlement['to'], late: boolean): void {
    const { message, index } = leased.recipient;
    this.#batch.settlements.push({ message, index, to });
    if (to.kind === 'keep')
      this.#batch.due = Math.min(this.#batch.due, Math.max(to.nextAttemptAt, to.destinationUntil ?? 0));
    if (!late) this.#batch.freed.push(leased);
  }

  /** A report of ours, in the commit of the settlements that it tells of. */
  append(report: NewMessage): void {
    this.#batch.reports.push(report);
  }

  write(): void {
    if (this.#writing !== null || this.#batch.settlements.length === 0) return;
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = null;
      this.write();
    });
  }

  async #writeAll(): Promise<void> {
    // What else comes in this turn goes along.
    await Promise.resolve();
    while (this.#batch.settlements.length > 0) {
      const batch = this.#batch;
      this.#batch = emptyBatch();
      await this.#commit(batch);
      this.#parts.freed(batch.freed);
      const ours = batch.reports.filter(({ lease }) => lease !== null);
      if (ours.length > 0) this.#parts.bounced(ours.map(leasedReport));
      if (ours.length < batch.reports.length) batch.due = Math.min(batch.due, this.#parts.clock.now());
      if (batch.due < Number.POSITIVE_INFINITY) this.#parts.due(batch.due);
    }
  }

  async #commit(batch: Batch): Promise<void> {
    for (let waitMs = firstRetryMs; ; waitMs = Math.min(waitMs * 2, longestRetryMs)) {
      const settled = await this.#parts.store.settle(batch.settlements, batch.reports);
      if (settled.ok) return;
      this.#complain(settled.error.message);
      await this.#parts.clock.sleep(waitMs);
    }
  }

  #complain(why: string): void {
    const { clock, events } = this.#parts;
    const now = clock.monotonic();
    if (now - this.#complainedAt < 60_000) return;
    this.#complainedAt = now;
    events.emit({
      kind: 'warning',
      at: clock.now(),
      subject: 'queue',
      message: `What became of messages under way cannot be written down, and is tried again until it can: ${why}`,
    });
  }
}

function emptyBatch(): Batch {
  return { settlements: [], reports: [], freed: [], due: Number.POSITIVE_INFINITY };
}
