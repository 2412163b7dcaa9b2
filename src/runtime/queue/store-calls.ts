import type { QueueCensus } from '../../decision/queue/census.ts';
import type { LeasedRecipient, MessageId, Outage } from '../../decision/queue/queued.ts';
import type {
  LeaseLimits,
  NewMessage,
  QueueFilter,
  Result,
  Settlement,
  StoredMessage,
  StoreError,
} from '../ports.ts';

/** A body on its way to the store's thread: the bytes of all bodies of a batch travel as one block. */
export type PackedBody =
  | { readonly kind: 'packed'; readonly start: number; readonly end: number }
  | { readonly kind: 'spool'; readonly file: string; readonly sizeBytes: number };

export type PackedMessage = Omit<NewMessage, 'body'> & { readonly body: PackedBody };

/** One step of a walk over the whole queue, short enough that mail never waits for it; `next` null: it was the last. */
export type Step<Found> = { readonly found: Found; readonly next: MessageId | null };

/** Where a step of such a walk starts: after this message; null: at the first. */
export type StepFrom = { readonly filter: QueueFilter; readonly after: MessageId | null };

export type OperatorChange = 'retry' | 'hold' | 'release';

/** What the store's thread can be asked, and what it answers. */
export type StoreCalls = {
  append: { request: PackedMessage; answer: null };
  settle: {
    request: { readonly settlements: readonly Settlement[]; readonly bounces: readonly PackedMessage[] };
    answer: null;
  };
  lease: {
    request: {
      readonly owner: string;
      readonly now: number;
      readonly until: number;
      readonly limits: LeaseLimits;
    };
    answer: readonly LeasedRecipient[];
  };
  renew: { request: { readonly owner: string; readonly until: number }; answer: null };
  nextDue: { request: keyof LeaseLimits | null; answer: number | null };
  recover: { request: { readonly owner: string; readonly now: number }; answer: number };
  list: { request: StepFrom & { readonly limit: number }; answer: Step<readonly StoredMessage[]> };
  change: {
    request: StepFrom & { readonly change: OperatorChange; readonly now: number };
    answer: Step<number>;
  };
  remove: {
    request: StepFrom;
    answer: Step<readonly { readonly message: MessageId; readonly forwardPath: string }[]>;
  };
  lastId: { request: null; answer: MessageId | null };
  outages: { request: null; answer: readonly Outage[] };
  saveOutages: { request: readonly Outage[]; answer: null };
  remember: { request: { readonly key: string; readonly value: string | null }; answer: null };
  recall: { request: string; answer: string | null };
  counts: { request: null; answer: { readonly messages: number; readonly recipients: number } };
  census: { request: { readonly after: MessageId | null }; answer: Step<QueueCensus> };
  /** Of these spool files, those that no message names. */
  orphans: { request: readonly string[]; answer: readonly string[] };
};

export type StoreOperation = keyof StoreCalls;

export type StoreCall<Operation extends StoreOperation = StoreOperation> = {
  [One in Operation]: { readonly operation: One; readonly request: StoreCalls[One]['request'] };
}[Operation];

/** All calls of one commit. */
export type StoreBatch = { readonly bytes: Uint8Array | null; readonly calls: readonly StoreCall[] };

/** The answers after the commit, in the order of the calls, and the spool files that no message names any more. */
export type StoreAnswers = {
  readonly results: readonly Result<StoreCalls[StoreOperation]['answer'], StoreError>[];
  readonly freedFiles: readonly string[];
};

/** What the thread is started with. */
export type StoreWorkerData = {
  readonly file: string;
  readonly maxBytes: number | null;
  readonly reserveBytes: number;
};

/** What the thread says first. `starts` counts the openings of this database, and makes names of spool files unique. */
export type StoreOpening = Result<{ readonly starts: number }, StoreError>;
