import type { TraceEvent } from '../events.ts';
import type { Result, StoreError } from '../ports.ts';
import type { TraceEntry } from './trace-entry.ts';

/** `now`: wall ms. */
export type TraceWorkerData = { readonly file: string; readonly now: number };

/** What the trace's thread is told. `events` counts those within `entries`. */
export type TraceRequest =
  | {
      readonly kind: 'write';
      readonly entries: readonly TraceEntry[];
      readonly events: number;
      readonly now: number;
    }
  | {
      readonly kind: 'find';
      readonly ticket: number;
      readonly idOrAddress: string;
      readonly limit: number;
      readonly now: number;
    };

/** What it says; `opened` or `refused` once, before all that is not of the opening. */
export type TraceAnswer =
  /** A damaged trace; the sentence says where it is now. */
  | { readonly kind: 'put aside'; readonly sentence: string }
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly error: StoreError }
  | { readonly kind: 'written'; readonly events: number; readonly result: Result<null, StoreError> }
  | { readonly kind: 'found'; readonly ticket: number; readonly events: readonly TraceEvent[] };
