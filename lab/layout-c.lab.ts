import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { layouts } from './layouts.ts';
import { Scenario } from './scenario.ts';
import { SecondMachine, secondRelay } from './second-machine.ts';
import { assertAccepted, assertAcceptedByEach } from './strict.ts';

suite('layout C: a second machine elsewhere, backup of the first', () => {
  test('mail by each uplink and from the second machine is accepted by a strict Postfix and a strict Exim', async () => {
    const scenario = await Scenario.start({ real: true, senders: layouts.c });
    let second: SecondMachine | null = null;
    try {
      second = await SecondMachine.start(scenario);
      await assertAcceptedByEach(scenario, layouts.c);
      const [, , elsewhere] = layouts.c;
      const user = { namespace: second.namespace, source: secondRelay, relay: secondRelay };
      assert.ok(elsewhere);
      await assertAccepted(scenario, elsewhere, user);
      assert.equal(await second.gateway.stop(), 0, 'the second machine ends in order');
    } finally {
      second?.close();
      await scenario.close();
    }
  });
});
