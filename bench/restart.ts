/**
 * `npm run bench:restart`: how soon a gateway with a million messages waiting delivers again after it was killed.
 *
 * On a queue of 1,000,000 recipients (`--recipients`) of 50,000 dead domains (`--domains`) the real gateway works under
 * new mail until its write-ahead log is as long as it gets before SQLite folds it in, and is killed by SIGKILL. Then it
 * is started again: the time is from its start to the first delivery that the live receiver sees. Mail that the first
 * life had taken must arrive too. New mail goes on for 20 s (`--seconds`) more. Exits with 1 above the limits.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WaitingTown } from './waiting-town.ts';

const { values } = parseArgs({
  options: {
    recipients: { type: 'string', default: '1000000' },
    domains: { type: 'string', default: '50000' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const [recipients, domains, seconds] = [values.recipients, values.domains, values.seconds].map(Number);
if (!recipients || !domains || !seconds) throw new Error('Write numbers above 0.');

const limits = { firstMs: 5_000, newMailMs: 1_000, memoryMiB: 500 };
/** `wal_autocheckpoint` of the queue is 2,000 pages of 4 KiB. */
const fullLogBytes = 7 * 2 ** 20;

const town = await WaitingTown.build({ recipients, domains, silentPercent: 25 });
try {
  town.start();
  const first = await town.send(2);
  const log = join(town.directory, 'state', 'queue.db-wal');
  const logBytes = async (): Promise<number> => (await stat(log)).size;
  // The file is never cut while it is in use, so it is full from the first time on; a little later is anywhere in it.
  while ((await logBytes()) < fullLogBytes) await sleep(100);
  await sleep(1_000 * Math.random());
  await town.kill();
  await first.stop();
  const walMib = (await logBytes()) / 2 ** 20;
  await sleep(500);
  const arrivedBefore = town.arrivedAt.size;
  const waiting = [...town.acceptedAt.keys()].filter(id => !town.arrivedAt.has(id));
  town.acceptedAt.clear();

  const begun = performance.now();
  town.start();
  const firstDelivery = (async (): Promise<number> => {
    while (town.arrivedAt.size === arrivedBefore) await sleep(5);
    return performance.now() - begun;
  })();
  const second = await town.send(100);
  const takenMs = performance.now() - begun;
  const firstMs = await firstDelivery;
  let peakBytes = 0;
  while (performance.now() - begun < seconds * 1_000) {
    peakBytes = Math.max(peakBytes, town.memory);
    await sleep(250);
  }
  await second.stop();
  await town.settled();
  const delays = town.delays();
  const lost = waiting.filter(id => !town.arrivedAt.has(id)).length;
  const figures = {
    recipients,
    domains,
    wal_mib: Math.round(walMib),
    under_way_at_the_kill: waiting.length,
    lost,
    first_250_ms: Math.round(takenMs),
    first_delivery_ms: Math.round(firstMs),
    new_mail: delays.taken,
    late: delays.late,
    p50_ms: delays.p50,
    p99_ms: delays.p99,
    max_ms: delays.max,
    memory_peak_mib: Math.round(peakBytes / 2 ** 20),
  };
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
  const { firstMs: most, newMailMs, memoryMiB } = limits;
  const sound =
    lost === 0 &&
    firstMs < most &&
    delays.late === 0 &&
    delays.max < newMailMs &&
    figures.memory_peak_mib < memoryMiB;
  if (!sound) process.exitCode = 1;
} finally {
  await town.close();
}
process.exit();
