import { parentPort, workerData } from 'node:worker_threads';
import { QueueDatabase } from './queue-database.ts';
import type { StoreBatch, StoreOpening, StoreWorkerData } from './store-calls.ts';

/** The thread that owns the queue's database: a batch in, a commit, its answers out. `null` in: close and end. */
function serve(port: NonNullable<typeof parentPort>, data: StoreWorkerData): void {
  const opened = QueueDatabase.open(data);
  if (!opened.ok) {
    port.postMessage(opened satisfies StoreOpening);
    port.close();
    return;
  }
  const database = opened.value;
  port.postMessage({ ok: true, value: { starts: database.starts } } satisfies StoreOpening);
  port.on('message', (batch: StoreBatch | null) => {
    if (batch === null) {
      database.close();
      port.close();
      return;
    }
    port.postMessage(database.commit(batch));
    database.shrink();
  });
}

if (parentPort !== null) serve(parentPort, workerData);
