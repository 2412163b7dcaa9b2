/**
 * `npm run bench:fairness`: how long new mail to a live destination takes while a queue of mail to dead ones is due.
 *
 * The real gateway is started on a queue of 1,000,000 recipients (`--recipients`) of 50,000 domains (`--domains`), all
 * due at once: a quarter of the domains (`--silent PERCENT`) has hosts that take the connection and say nothing, the
 * others have hosts that refuse. From the first second on, 10 messages a second go in for a live receiver, for 60 s
 * (`--seconds`). The delay is from the 250 for a message to the receiver's sight of its last dot.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WaitingTown } from './waiting-town.ts';

const { values } = parseArgs({
  options: {
    recipients: { type: 'string', default: '1000000' },
    domains: { type: 'string', default: '50000' },
    seconds: { type: 'string', default: '60' },
    silent: { type: 'string', default: '25' },
    keep: { type: 'boolean', default: false },
  },
});
const [recipients, domains, seconds] = [values.recipients, values.domains, values.seconds].map(Number);
if (!recipients || !domains || !seconds) throw new Error('Write numbers above 0.');

const limitMs = 1_000;

let begun = performance.now();
const inS = (): string => `${((performance.now() - begun) / 1_000).toFixed(1)} s`;
const town = await WaitingTown.build({ recipients, domains, silentPercent: Number(values.silent) });
try {
  console.log(`A queue of ${recipients} recipients of ${domains} dead domains was made in ${inS()}.`);
  begun = performance.now();
  town.start();
  const sender = await town.send(100);
  console.log(`The gateway took its first message ${inS()} after its start.`);
  let peakBytes = 0;
  const counted = performance.now();
  while (performance.now() - counted < seconds * 1_000) {
    peakBytes = Math.max(peakBytes, town.memory);
    await sleep(500);
  }
  await sender.stop();
  await town.settled();
  const delays = town.delays();
  const { taken, late, p50, p99, max } = delays;
  console.log(
    `New mail: ${taken} taken in ${seconds} s, ${taken - late} delivered; accept to deliver ` +
      `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms; peak memory ${(peakBytes / 1e6).toFixed(0)} MB.`,
  );
  const tried = (await town.log()).match(/"event":"deferred"/g)?.length ?? 0;
  console.log(`Meanwhile ${tried} of the waiting recipients were tried again.`);
  console.log(JSON.stringify({ recipients, domains, ...delays, peakBytes, tried }));
  if (late > 0 || max >= limitMs) process.exitCode = 1;
} finally {
  await town.close(values.keep);
  if (values.keep) console.log(`All is left in ${town.directory}.`);
}
process.exit();
