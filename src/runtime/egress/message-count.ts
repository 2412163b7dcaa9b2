import type { TraceEvent } from '../events.ts';
import type { EgressEntry } from './egress-entry.ts';

/** Counts what became of a message for the egress that it left by: sent, or failed by the fault of its route. */
export function countMessage(trace: TraceEvent, entries: Iterable<EgressEntry>, now: number): void {
  if (trace.uplink === null) return;
  const failed = trace.event === 'deferred' && trace.blame === 'route';
  if (trace.event !== 'delivered' && !failed) return;
  for (const entry of entries) {
    if (entry.uplink.name !== trace.uplink || entry.egress?.source !== trace.source) continue;
    if (failed) entry.tally.failed += 1;
    else entry.tally.countSent(now);
    return;
  }
}
