/**
 * `npm run crash -- --kills 100`: is what was acknowledged kept?
 *
 * The real gateway runs as a process of its own under load, is killed with SIGKILL at random moments and started again.
 * At the end every message that a client saw acknowledged must have arrived at the receiver. Duplicates are no fault
 * (a crash after the far side's 250 and before our commit is a doubt) and are shown. Exit 1: a message was lost.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SimRandom } from '../test/simulation/sim-random.ts';
import { CountingReceiver, RecordingSender } from './crash-peers.ts';
import { startPostern } from './postern-gateway.ts';
import { freePort } from './smtp-load.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    senders: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    keep: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  const kills = Number(values.kills);
  const random = new SimRandom(Number(values.seed));
  const directory = await mkdtemp(join(tmpdir(), 'postern-crash-'));
  const place = { directory, port: await freePort(), sinkPort: await freePort() };
  const receiver = await CountingReceiver.start(place.sinkPort);
  let gateway = await startPostern(place);
  const senders = Array.from(
    { length: Number(values.senders) },
    (_, i) => new RecordingSender(place.port, `s${i}`),
  );
  let lost = Number.NaN;
  try {
    for (let kill = 1; kill <= kills; kill++) {
      await sleep(random.between(20, 800));
      await gateway.kill();
      if (kill % 10 === 0) console.log(`${kill} kills, ${countAcknowledged(senders)} messages acknowledged`);
      gateway = await startPostern(place);
    }
    await Promise.all(senders.map(sender => sender.stop()));
    const acknowledged = senders.flatMap(sender => [...sender.acknowledged]);
    const missing = (): string[] => acknowledged.filter(id => !receiver.arrivals.has(id));
    receiver.lastAt = performance.now();
    while (missing().length > 0 && performance.now() - receiver.lastAt < 60_000) await sleep(100);
    await sleep(1_000);
    lost = missing().length;
    const arrivals = [...receiver.arrivals.values()];
    const duplicates = arrivals.reduce((sum, times) => sum + times - 1, 0);
    const known = new Set(acknowledged);
    const unacknowledged = [...receiver.arrivals.keys()].filter(id => !known.has(id)).length;
    console.log(
      `seed ${random.seed}: ${kills} kills, ${acknowledged.length} messages acknowledged, ${lost} lost`,
    );
    console.log(`${duplicates} arrived more than once; ${unacknowledged} arrived whose sender saw no 250`);
    for (const id of missing().slice(0, 20)) console.log(`lost: <${id}>`);
  } finally {
    await Promise.all(senders.map(sender => sender.stop()));
    await gateway.stop();
    await receiver.stop();
    if (values.keep || lost !== 0) console.log(`state and log are kept in ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  }
  return lost === 0 ? 0 : 1;
}

function countAcknowledged(senders: readonly RecordingSender[]): number {
  return senders.reduce((sum, sender) => sum + sender.acknowledged.size, 0);
}

process.exitCode = await main();
