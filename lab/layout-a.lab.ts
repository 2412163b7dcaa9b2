import { suite, test } from 'node:test';
import { layouts } from './layouts.ts';
import { Scenario } from './scenario.ts';
import { assertAcceptedByEach } from './strict.ts';

suite('layout A: one name for both uplinks', () => {
  test('mail by each uplink is accepted by a strict Postfix and a strict Exim', async () => {
    const scenario = await Scenario.start({ real: true, senders: layouts.a });
    try {
      await assertAcceptedByEach(scenario, layouts.a);
    } finally {
      await scenario.close();
    }
  });
});
