import type { MessageId, RecipientState } from './queued.ts';

/** How much waits, and since when. */
export type QueueCensus = {
  readonly recipients: Readonly<Record<RecipientState, number>>;
  /** The oldest message that has a recipient which is not held; `receivedAt` is wall ms. Null: nothing waits. */
  readonly oldest: { readonly id: MessageId; readonly receivedAt: number } | null;
};

export const emptyCensus: QueueCensus = {
  recipients: { queued: 0, active: 0, deferred: 0, held: 0, in_doubt: 0 },
  oldest: null,
};

/** Two parts of one walk over the queue, `one` before `other`. */
export function joinedCensus(one: QueueCensus, other: QueueCensus): QueueCensus {
  const [a, b] = [one.recipients, other.recipients];
  return {
    recipients: {
      queued: a.queued + b.queued,
      active: a.active + b.active,
      deferred: a.deferred + b.deferred,
      held: a.held + b.held,
      in_doubt: a.in_doubt + b.in_doubt,
    },
    oldest: one.oldest ?? other.oldest,
  };
}
