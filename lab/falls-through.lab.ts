import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { uplinks } from './addresses.ts';
import type { LabOptions } from './network.ts';
import { must, Scenario } from './scenario.ts';
import { assertSound } from './sound.ts';

const [one, two] = uplinks;

/** Counts what leaves the mail host by uplink 2 with the address of uplink 1. */
const strays = `table ip strays {
counter count {}
chain out {
type filter hook postrouting priority 0; policy accept
oifname "${two.name}" ip saddr ${one.source} counter name count
}
}
`;

async function strayed({ lab }: Scenario): Promise<number> {
  const listed = must(await lab.mailHost.run('nft', ['list', 'counter', 'ip', 'strays', 'count']));
  return Number(/packets (\d+)/.exec(listed)?.[1]);
}

/**
 * The interface of uplink 1 goes down, its route with it, and what is bound to its address slips out by uplink 2, whose
 * provider drops it: the mail has to leave from the address of uplink 2 all the same.
 */
async function survives(options: LabOptions): Promise<void> {
  const scenario = await Scenario.start({ ...options, proveS: 2 });
  try {
    must(await scenario.lab.mailHost.nft(strays));
    await scenario.send(50);
    await scenario.until('mail by uplink 1', () => (scenario.bySource(0).get(one.source) ?? 0) >= 20);
    must(await scenario.lab.mailHost.ip(`link set ${one.name} down`));
    const cutAt = Date.now();
    await scenario.until('mail by uplink 2', () => (scenario.bySource(cutAt).get(two.source) ?? 0) >= 60);
    assert.ok((await strayed(scenario)) > 0, 'packets of uplink 1 slipped out by uplink 2');
    must(await scenario.lab.layUplink(0));
    const healedAt = Date.now();
    await scenario.until(
      'mail by uplink 1 again',
      () => (scenario.bySource(healedAt).get(one.source) ?? 0) >= 20,
    );
    await scenario.stopSending();
    await scenario.drained(90_000);
    await assertSound(scenario);
  } finally {
    await scenario.close();
  }
}

suite("uplink 1's interface is down and its packets fall through to uplink 2", { concurrency: 2 }, () => {
  test('its own table has no unreachable default', () => survives({ fallback: false }));
  test('the addresses have no tables of their own', () => survives({ policyRouting: false }));
});
