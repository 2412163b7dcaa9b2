import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../lab/loopback/free-port.ts';
import { startPostern } from '../lab/loopback/gateway.ts';
import { LetterReceiver } from '../lab/loopback/letter-receiver.ts';
import { LetterSender } from '../lab/loopback/letter-sender.ts';
import { Copies } from '../lab/loopback/letters.ts';
import { SimRandom } from '../test/simulation/sim-random.ts';

export type KillTrial = {
  readonly seed: number;
  readonly kills: number;
  readonly senders: number;
  /** State and log are kept although nothing was lost. */
  readonly keep: boolean;
};

/**
 * The real gateway runs as a process of its own under load, is killed with SIGKILL at random moments and started again.
 * At the end every message that a client saw acknowledged must have come to each of its recipients, whole. Duplicates are no fault
 * (a crash after the far side's 250 and before our commit is a doubt) and are shown. Gives the exit code.
 */
export async function killTrial({ seed, kills, senders: count, keep }: KillTrial): Promise<number> {
  const random = new SimRandom(seed);
  const directory = await mkdtemp(join(tmpdir(), 'postern-crash-'));
  const place = { directory, port: await freePort(), sinkPort: await freePort() };
  const receiver = await LetterReceiver.start(place.sinkPort, { defers: false });
  let gateway = await startPostern(place);
  const senders = Array.from(
    { length: count },
    (_, i) => new LetterSender(place.port, `s${i}`, random.fork()),
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
    const acknowledged = senders.flatMap(sender => sender.acknowledged);
    const missing = (): readonly string[] => new Copies(receiver.arrivals).missing(acknowledged);
    let [seen, seenAt] = [0, performance.now()];
    while (missing().length > 0 && performance.now() - seenAt < 60_000) {
      if (receiver.arrivals.length > seen) [seen, seenAt] = [receiver.arrivals.length, performance.now()];
      await sleep(100);
    }
    await sleep(1_000);
    lost = missing().length;
    const { duplicates } = new Copies(receiver.arrivals);
    const known = new Set(acknowledged.map(({ digest }) => digest));
    const arrived = new Set(receiver.arrivals.map(({ digest }) => digest));
    const unacknowledged = [...arrived].filter(digest => !known.has(digest)).length;
    console.log(
      `seed ${random.seed}: ${kills} kills, ${acknowledged.length} messages acknowledged, ${lost} lost`,
    );
    console.log(`${duplicates} arrived more than once; ${unacknowledged} arrived whose sender saw no 250`);
    for (const letter of missing().slice(0, 20)) console.log(`lost: ${letter}`);
  } finally {
    await Promise.all(senders.map(sender => sender.stop()));
    await gateway.stop();
    await receiver.stop();
    if (keep || lost !== 0) console.log(`state and log are kept in ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  }
  return lost === 0 ? 0 : 1;
}

function countAcknowledged(senders: readonly LetterSender[]): number {
  return senders.reduce((sum, sender) => sum + sender.acknowledged.length, 0);
}
