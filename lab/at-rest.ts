import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { uplinks } from './addresses.ts';
import { type Cut, heal } from './cuts.ts';
import { acquaint, arrival, handOver } from './hand-over.ts';
import { must, Scenario } from './scenario.ts';
import { assertSound } from './sound.ts';

const [, two] = uplinks;
/** Far below every time limit of a connect, far above what a busy machine adds. */
const atOnceMs = 3_000;

/**
 * Uplink 1 is cut while no mail is under way, and the first message after it leaves by uplink 2 at once: with `kept`
 * sessions of the mail before, which the cut leaves standing, or when those were closed.
 */
export async function survivesAtRest(t: TestContext, cut: Cut, kept: 'kept' | 'closed'): Promise<void> {
  const scenario = await Scenario.start({ proveS: 2 });
  try {
    await acquaint(scenario);
    if (kept === 'kept') assert.ok((await scenario.counts()).open > 0, 'sessions are kept');
    else
      await scenario.until(
        'kept sessions to be closed',
        async () => (await scenario.counts()).open === 0,
        60_000,
      );

    must(await cut.apply(scenario.lab));
    const message = await handOver(scenario, 'after-the-cut');
    const delivery = await arrival(scenario, message, 30_000);
    const tookMs = delivery.at - message.sentAt;
    t.diagnostic(`${cut.name}, sessions ${kept}: ${tookMs} ms, from ${delivery.remoteAddress}`);
    if (cut.connect !== 'slow') {
      assert.equal(delivery.remoteAddress, two.source);
      assert.ok(tookMs <= atOnceMs, `it took ${tookMs} ms`);
    }

    must(await heal(scenario.lab));
    await arrival(scenario, await handOver(scenario, 'after-the-return'));
    await assertSound(scenario, 'no doubt');
    assert.equal(await scenario.stopServing(), 0, 'postern serve ends in order');
  } finally {
    await scenario.close();
  }
}
