import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { inside, sites, uplinks } from './addresses.ts';
import { blackHole, unblock } from './cuts.ts';
import { must, Scenario } from './scenario.ts';
import { assertSound } from './sound.ts';

type Index = 0 | 1;

/** Probes ask each second; the rest is for a busy machine. */
const secondsMs = 10_000;

/** Deliveries to the world by an uplink that began at or after this moment. */
function leftBy(scenario: Scenario, index: Index, since: number): number {
  return scenario.bySource(since).get(uplinks[index].source) ?? 0;
}

/** Both uplinks die, `firstDead` before the other or both at once, and `firstBack` is the first that lives again. */
async function survives(t: TestContext, firstDead: Index | 'both', firstBack: Index): Promise<void> {
  const lastBack = firstBack === 0 ? 1 : 0;
  const scenario = await Scenario.start({ proveS: 2 });
  try {
    const recipients = [...sites.map(({ domain }) => `m{n}@${domain}`), 'us@example.com'];
    await scenario.send(50, { recipients });
    await scenario.until('mail by uplink 1', () => leftBy(scenario, 0, 0) >= 20);
    if (firstDead !== 'both') {
      must(await blackHole(scenario.lab, firstDead));
      const cutAt = Date.now();
      const other = firstDead === 0 ? 1 : 0;
      await scenario.until('mail by the other', () => leftBy(scenario, other, cutAt) >= 20);
    }

    for (const index of [0, 1] as const) if (index !== firstDead) must(await blackHole(scenario.lab, index));
    const deadAt = Date.now();
    await scenario.until('some mail to wait', () => scenario.tally.missing().length >= 60);
    const toUs = scenario.bySource(deadAt).get(inside.mailHost) ?? 0;
    assert.ok(toUs >= 10, `our own store is served all the while (${toUs})`);
    await scenario.until('both to be told down', async () =>
      ((await scenario.uplinks()) ?? []).every(({ state }) => state === 'down'),
    );
    const waiting = new Set(scenario.tally.missing());

    must(await unblock(scenario.lab, firstBack));
    const backAt = Date.now();
    await scenario.until('what waited to arrive', () =>
      scenario.tally.missing().every(id => !waiting.has(id)),
    );
    const arrived = scenario.deliveries.filter(({ messageId }) => waiting.has(messageId ?? ''));
    const [first = 0, last = 0] = [Math.min, Math.max].map(
      pick => pick(...arrived.map(({ at }) => at)) - backAt,
    );
    t.diagnostic(`${waiting.size} waited; after the return the first took ${first} ms, the last ${last} ms`);
    assert.ok(last <= secondsMs, `the last left ${last} ms after the return`);
    assert.equal(leftBy(scenario, lastBack, backAt), 0);

    must(await unblock(scenario.lab, lastBack));
    const allBackAt = Date.now();
    await scenario.until('mail by uplink 1 again', () => leftBy(scenario, 0, allBackAt) >= 20);
    await scenario.stopSending();
    await scenario.drained(90_000);
    await assertSound(scenario);
  } finally {
    await scenario.close();
  }
}

suite('both uplinks dead and back: mail waits, nothing bounces, all leaves in seconds', {
  concurrency: 3,
}, () => {
  for (const firstBack of [0, 1] as const) {
    const back = `${uplinks[firstBack].name} is back first`;
    for (const firstDead of [0, 1] as const)
      test(`${uplinks[firstDead].name} dies first, ${back}`, t => survives(t, firstDead, firstBack));
    test(`both die at once, ${back}`, t => survives(t, 'both', firstBack));
  }
});
