import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { uplinks } from './addresses.ts';
import { type Cut, cuts, heal } from './cuts.ts';
import { must, Scenario } from './scenario.ts';
import { assertSound } from './sound.ts';

const [one, two] = uplinks;

async function survives(cut: Cut): Promise<void> {
  const scenario = await Scenario.start({ proveS: 3 });
  try {
    const since = Date.now();
    await scenario.send(50);
    await scenario.until('mail by uplink 1', () => (scenario.bySource(since).get(one.source) ?? 0) >= 40);

    must(await cut.apply(scenario.lab));
    const cutAt = Date.now();
    if (cut.connect === 'slow') {
      const before = scenario.deliveries.length;
      await scenario.until('mail to go on', () => scenario.deliveries.length >= before + 100);
    } else {
      await scenario.until('mail by uplink 2', () => (scenario.bySource(cutAt).get(two.source) ?? 0) >= 40);
      await scenario.until(
        'uplink 1 to be told down',
        async () => (await scenario.uplinkState(one.name)) === 'down',
      );
    }

    must(await heal(scenario.lab));
    const healedAt = Date.now();
    await scenario.until(
      'mail by uplink 1 again',
      () => (scenario.bySource(healedAt).get(one.source) ?? 0) >= 40,
      90_000,
    );
    await scenario.stopSending();
    await scenario.drained(150_000);
    await assertSound(scenario);
    assert.equal(await scenario.stopServing(), 0, 'postern serve ends in order');
  } finally {
    await scenario.close();
  }
}

suite('a cut of uplink 1 under steady mail loses nothing, and doubles nothing but on record', {
  concurrency: 4,
}, () => {
  for (const cut of cuts) test(`${cut.name}: ${cut.means}`, () => survives(cut));
});
