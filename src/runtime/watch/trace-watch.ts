import type { EventStream } from '../events.ts';
import type { Clock, TraceStore } from '../ports.ts';
import { Trouble } from './trouble.ts';

/** Tells of each damaged trace, which is over as soon as it is told: a new one is in use. */
export function watchTrace(trace: Pick<TraceStore, 'onPutAside'>, clock: Clock, events: EventStream): void {
  const trouble = new Trouble('trace', clock, events);
  trace.onPutAside(sentence => {
    trouble.begins(sentence);
    trouble.ends('A new trace was begun, and mail is traced in it.');
  });
}
