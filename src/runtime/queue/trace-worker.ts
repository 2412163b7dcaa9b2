import { parentPort, workerData } from 'node:worker_threads';
import type { TraceAnswer, TraceRequest, TraceWorkerData } from './trace-calls.ts';
import { TraceDatabase } from './trace-database.ts';

/** The thread that owns the trace's database: entries and questions in, answers out. `null` in: close and end. */
function serve(port: NonNullable<typeof parentPort>, { file }: TraceWorkerData): void {
  const opened = TraceDatabase.open(file);
  port.postMessage(
    (opened.ok ? { kind: 'opened' } : { kind: 'refused', error: opened.error }) satisfies TraceAnswer,
  );
  if (!opened.ok) {
    port.close();
    return;
  }
  const database = opened.value;
  port.on('message', (request: TraceRequest | null) => {
    if (request === null) {
      database.close();
      port.close();
      return;
    }
    const answer: TraceAnswer =
      request.kind === 'write'
        ? { kind: 'written', events: request.events, result: database.write(request.entries, request.now) }
        : {
            kind: 'found',
            ticket: request.ticket,
            events: database.find(request.idOrAddress, request.limit),
          };
    port.postMessage(answer);
  });
}

if (parentPort !== null) serve(parentPort, workerData);
