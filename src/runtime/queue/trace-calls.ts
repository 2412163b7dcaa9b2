import type { TraceEvent } from '../events.ts';
import type { Result, StoreError } from '../ports.ts';
import type { TraceEntry } from './trace-entry.ts';

export type TraceWorkerData = { readonly file: string };

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
    };

/** What it says; `opened` or `refused` first. */
export type TraceAnswer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly error: StoreError }
  | { readonly kind: 'written'; readonly events: number; readonly result: Result<null, StoreError> }
  | { readonly kind: 'found'; readonly ticket: number; readonly events: readonly TraceEvent[] };
