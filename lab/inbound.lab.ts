import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { doors, sites, uplinks } from './addresses.ts';
import { blackHole, unblock } from './cuts.ts';
import { must, Scenario } from './scenario.ts';
import { assertSound } from './sound.ts';

const inOrder = [doors[0].address, doors[1].address] as const;
/** At 2 Mbit/s it is under way for more than a second. */
const largeBytes = 300_000;

/** Uplink `index` carries 2 Mbit/s toward the mail host. */
async function narrow(scenario: Scenario, index: 0 | 1): Promise<void> {
  const shape = `qdisc replace dev core${index + 1} root tbf rate 2mbit burst 16kb latency 400ms`;
  must(await scenario.lab.internet.run('tc', shape.split(' ')));
}

/** How often mail was taken since this wall time, by the uplink of the door. */
function watchDoors(scenario: Scenario): (uplink: string, since: number) => number {
  const taken: { readonly uplink: string; readonly at: number }[] = [];
  scenario.follow(({ event, uplink }) => {
    if (event === 'accepted' && typeof uplink === 'string') taken.push({ uplink, at: Date.now() });
  });
  return (uplink, since) => taken.filter(each => each.uplink === uplink && each.at >= since).length;
}

async function survives(dead: 0 | 1): Promise<void> {
  const alive = dead === 0 ? 1 : 0;
  const scenario = await Scenario.start({ doors: true, proveS: 2 });
  const [deadDoor, aliveDoor] = [doors[dead].address, doors[alive].address];
  const arrived = (label: string): number =>
    scenario.deliveries.filter(({ messageId }) => messageId?.startsWith(`<${label}.`)).length;
  try {
    const taken = watchDoors(scenario);
    await narrow(scenario, dead);
    await scenario.sendToUs('in-order', sites[0].address, inOrder, 100);
    await scenario.sendToUs('large', sites[1].address, [deadDoor, aliveDoor], 500, largeBytes);
    await scenario.until('mail of both', () => arrived('in-order') >= 20 && arrived('large') >= 2);

    must(await blackHole(scenario.lab, dead));
    const cutAt = Date.now();
    const before = arrived('large');
    await scenario.until('mail by the door that is left', () => taken(uplinks[alive].name, cutAt) >= 60);
    await scenario.until('the large mail to go on', () => arrived('large') >= before + 2);
    assert.equal(taken(uplinks[dead].name, cutAt + 1_000), 0);
    const troubled = [...scenario.offeredAgain];
    assert.ok(
      troubled.some(id => id.startsWith('<large.')),
      'a message was cut off under way',
    );
    assert.equal(
      troubled.some(id => id.startsWith('<in-order.')),
      dead === 0,
    );

    must(await unblock(scenario.lab, dead));
    const healedAt = Date.now();
    await scenario.sendToUs('healed', sites[2].address, [deadDoor], 100);
    await scenario.until('mail by the door that was dead', () => taken(uplinks[dead].name, healedAt) >= 20);
    await scenario.stopSending();
    await scenario.drained();
    await assertSound(scenario, 'no doubt');
  } finally {
    await scenario.close();
  }
}

suite('mail in by the door that is left', { concurrency: 2 }, () => {
  test('by mx1 while uplink 2 is dead', () => survives(1));
  test('by mx2 while uplink 1 is dead', () => survives(0));
});
