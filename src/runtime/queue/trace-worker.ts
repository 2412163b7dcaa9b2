import { parentPort, workerData } from 'node:worker_threads';
import type { TraceAnswer, TraceRequest, TraceWorkerData } from './trace-calls.ts';
import { TraceKeeper } from './trace-keeper.ts';

/** The thread that owns the trace's database: entries and questions in, answers out. `null` in: close and end. */
function serve(port: NonNullable<typeof parentPort>, { file, now }: TraceWorkerData): void {
  const answer = (told: TraceAnswer): void => port.postMessage(told);
  const putAside = (sentence: string): void => answer({ kind: 'put aside', sentence });
  const opened = TraceKeeper.open({ file, now, putAside });
  answer(opened.ok ? { kind: 'opened' } : { kind: 'refused', error: opened.error });
  if (!opened.ok) {
    port.close();
    return;
  }
  const trace = opened.value;
  port.on('message', (request: TraceRequest | null) => {
    if (request === null) {
      trace.close();
      port.close();
      return;
    }
    const { kind, now: at } = request;
    if (kind === 'write') {
      answer({ kind: 'written', events: request.events, result: trace.write(request.entries, at) });
    } else {
      const { ticket, idOrAddress, limit } = request;
      answer({ kind: 'found', ticket, events: trace.find(idOrAddress, limit, at) });
    }
  });
}

if (parentPort !== null) serve(parentPort, workerData);
