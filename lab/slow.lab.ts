import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { uplinks } from './addresses.ts';
import { acquaint } from './hand-over.ts';
import { must, Scenario } from './scenario.ts';
import { assertSound } from './sound.ts';
import { statesOf } from './states.ts';

const [one, two] = uplinks;
const messages = 60;
/** One in twenty may leave by uplink 2, for a race may be lost by chance. */
const mostStrays = messages / 20;

/** One way to be slow, and no worse. */
type Slowness = {
  readonly name: string;
  readonly apply: (scenario: Scenario) => Promise<void>;
  readonly sizeBytes: number;
  readonly since: 'start' | 'midway';
  /** It may be given up once, until it is known to be slow. */
  readonly mostFalls: 0 | 1;
};

const far =
  (oneWayMs: number): Slowness['apply'] =>
  async ({ lab }) =>
    must(await lab.rewire(0, { delayMs: oneWayMs, loss: 0 }));

/** A megabit a second, of which the mail takes nine tenths. */
const narrow: Slowness['apply'] = async ({ lab }) => {
  const shape = 'qdisc replace dev core root tbf rate 1mbit burst 16kb latency 400ms';
  must(await lab.providers[0].namespace.run('tc', shape.split(' ')));
};

const slownesses: readonly Slowness[] = [
  { name: 'far from the start: 300 ms', apply: far(150), sizeBytes: 1000, since: 'start', mostFalls: 0 },
  { name: 'farther than before: 100 ms', apply: far(50), sizeBytes: 1000, since: 'midway', mostFalls: 0 },
  { name: 'narrow: 1 Mbit/s', apply: narrow, sizeBytes: 20_000, since: 'midway', mostFalls: 0 },
  {
    name: 'much farther than before: 300 ms, given up until that is known, and used from then on',
    apply: far(150),
    sizeBytes: 1000,
    since: 'midway',
    mostFalls: 1,
  },
];

async function stays(t: TestContext, slowness: Slowness): Promise<void> {
  const scenario = await Scenario.start({ proveS: 3 });
  try {
    if (slowness.since === 'start') await slowness.apply(scenario);
    await acquaint(scenario);
    const { sizeBytes } = slowness;
    await scenario.send(200, { sizeBytes });
    const states = await statesOf(scenario, one.name);
    await scenario.until('a little mail', () => scenario.deliveries.length >= 30);
    if (slowness.since === 'midway') await slowness.apply(scenario);
    await sleep(1_000);
    await scenario.until('uplink 1 to be up', () => (states.at(-1) ?? 'up') === 'up');
    const settled = states.length;
    const since = Date.now();
    const by = (source: string): number => scenario.bySource(since).get(source) ?? 0;
    await scenario.until('mail to go on', () => by(one.source) >= messages - mostStrays);
    t.diagnostic(`${slowness.name}: ${by(two.source)} by uplink 2; ${states.join(', ') || 'no change'}`);
    assert.ok(by(two.source) <= mostStrays, `${by(two.source)} left by uplink 2`);
    assert.equal(states.length, settled, 'no change once it is known');
    const falls = states.filter(state => state === 'down').length;
    assert.ok(falls <= slowness.mostFalls, states.join(', '));
    must(await scenario.lab.rewire(0, null));
    await scenario.stopSending();
    await scenario.drained();
    await assertSound(scenario, 'no doubt');
  } finally {
    await scenario.close();
  }
}

suite('an uplink that is only slow stays in use', { concurrency: 4 }, () => {
  for (const slowness of slownesses) test(slowness.name, t => stays(t, slowness));
});
