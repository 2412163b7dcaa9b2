import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** What may gather beside what lives before V8 looks the heap through again; V8 itself knows only a multiple of it. */
const roomBytes = 48 * 2 ** 20;
const leastPercent = 20;
const mostPercent = 300;

/** By how much of itself a heap may grow of which so much lives. */
export function growingPercent(liveBytes: number): number {
  const wanted = (100 * roomBytes) / Math.max(1, liveBytes);
  return Math.round(Math.min(mostPercent, Math.max(leastPercent, wanted)));
}

/**
 * Lets a small heap grow far and a large one little before V8 marks it: seldom where that would find next to nothing,
 * in time where there is much. Set after each marking, for the next one.
 */
export function keepHeapInBounds(): void {
  const observer = new PerformanceObserver(list => {
    if (!list.getEntries().some(isMarking)) return;
    const { used_heap_size: heap, external_memory: outside } = getHeapStatistics();
    setFlagsFromString(`--heap-growing-percent=${growingPercent(heap + outside)}`);
  });
  observer.observe({ entryTypes: ['gc'] });
}

/** Node's types do not know the detail of an entry of this kind. */
function isMarking(entry: object): boolean {
  const detail: unknown = 'detail' in entry ? entry.detail : null;
  if (typeof detail !== 'object' || detail === null || !('kind' in detail)) return false;
  return detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
