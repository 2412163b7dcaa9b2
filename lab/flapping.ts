import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { uplinks } from './addresses.ts';
import { type Cut, heal } from './cuts.ts';
import { must, Scenario } from './scenario.ts';
import { assertSound } from './sound.ts';
import { statesOf } from './states.ts';

const [one, two] = uplinks;
const proveS = 2;
/** It is dead and alive so long in turn: alive for longer than a first proof. */
const [deadMs, aliveMs] = [3_000, 6_000];

/**
 * Uplink 1 dies and returns every few seconds for `seconds`. Each return costs twice the proof of the one before, so
 * their number stays below the logarithm of the time, and the mail goes on meanwhile.
 */
export async function survivesFlapping(t: TestContext, cut: Cut, seconds: number): Promise<void> {
  const scenario = await Scenario.start({ proveS });
  try {
    await scenario.send(100);
    const states = await statesOf(scenario, one.name);
    await scenario.until('mail by uplink 1', () => (scenario.bySource(0).get(one.source) ?? 0) >= 20);
    const begunAt = Date.now();
    let flaps = 0;
    for (; Date.now() - begunAt < seconds * 1000; flaps += 1) {
      must(await cut.apply(scenario.lab));
      await sleep(deadMs);
      must(await heal(scenario.lab));
      await sleep(aliveMs);
    }
    const returns = states.filter(state => state === 'up').length;
    const byTwo = scenario.bySource(begunAt).get(two.source) ?? 0;
    t.diagnostic(
      `${cut.name}: ${flaps} flaps, ${returns} returns (${states.join(', ')}); ${byTwo} by uplink 2`,
    );
    assert.ok(states.includes('down'), 'it was seen to die');
    const bound = Math.ceil(Math.log2(seconds / proveS + 1));
    assert.ok(returns <= bound && returns < flaps, `${returns} returns in ${flaps} flaps`);
    const endedAt = Date.now();
    await scenario.until(
      'mail by uplink 1, which stays alive now',
      () => (scenario.bySource(endedAt).get(one.source) ?? 0) >= 20,
      120_000,
    );
    t.diagnostic(`${cut.name}: in use again after ${Date.now() - endedAt} ms`);
    await scenario.stopSending();
    await scenario.drained(90_000);
    await assertSound(scenario);
  } finally {
    await scenario.close();
  }
}
