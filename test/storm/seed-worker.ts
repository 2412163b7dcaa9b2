import { parentPort } from 'node:worker_threads';
import { runSeed, type SeedOrder } from './run-seed.ts';

/** One core of a night's run: an order in, a report out. */
parentPort?.on('message', (order: SeedOrder) => {
  void runSeed(order).then(report => parentPort?.postMessage(report));
});
