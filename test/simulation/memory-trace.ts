import type { TraceEvent } from '../../src/runtime/events.ts';
import type { TraceStore } from '../../src/runtime/ports.ts';

/** The trace of a simulated run, kept whole. */
export class MemoryTrace implements TraceStore {
  readonly events: TraceEvent[] = [];

  record(event: TraceEvent): void {
    this.events.push(event);
  }

  async find(idOrAddress: string, limit: number): Promise<readonly TraceEvent[]> {
    return this.events
      .filter(
        ({ id, recipient, sender }) =>
          id === idOrAddress || recipient === idOrAddress || sender === idOrAddress,
      )
      .slice(0, limit);
  }

  onPutAside(): void {}

  async close(): Promise<void> {}
}
