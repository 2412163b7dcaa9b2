import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { uplinks } from './addresses.ts';
import { addressGone, heal } from './cuts.ts';
import { must, Scenario } from './scenario.ts';

const [one, two] = uplinks;

suite('what the host lacks is told', { concurrency: 2 }, () => {
  test('a missing policy route: the lines to add are printed, by config check and by serve', async () => {
    const scenario = await Scenario.start({ policyRouting: false });
    try {
      const { out, err } = await scenario.command('config', 'check');
      const log = scenario.log.join('\n');
      for (const text of [out + err, log]) {
        assert.match(text, new RegExp(`ip rule add from ${two.source}`));
        assert.match(text, new RegExp(`ip route add default via \\S+ dev ${two.name} table`));
      }
    } finally {
      await scenario.close();
    }
  });

  test('an address that is absent at the start is taken when it appears', async () => {
    const scenario = await Scenario.start({ proveS: 2 });
    try {
      await scenario.stopServing();
      must(await addressGone.apply(scenario.lab));
      await scenario.serve();
      assert.equal(await scenario.uplinkState(one.name), 'down');
      await scenario.send(50);
      const since = Date.now();
      await scenario.until('mail by uplink 2', () => (scenario.bySource(since).get(two.source) ?? 0) >= 10);
      must(await heal(scenario.lab));
      await scenario.until('mail by uplink 1', () => (scenario.bySource(since).get(one.source) ?? 0) >= 10);
      await scenario.stopSending();
      await scenario.drained();
    } finally {
      await scenario.close();
    }
  });
});
