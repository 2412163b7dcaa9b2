import assert from 'node:assert/strict';
import test from 'node:test';
import { plainBehaviour } from '../../src/surface/demo/receiver-behaviour.ts';
import { ChangingHouse } from './changing-house.ts';
import { must, remoteDomains } from './reference-network.ts';
import type { CutKind } from './sim-link.ts';

function story(
  sentence: string,
  uplinks: readonly string[],
  play: (house: ChangingHouse) => Promise<void>,
): void {
  test(`simulated gateway, changed: ${sentence}`, async () => {
    const house = new ChangingHouse();
    await house.start(house.settings(...uplinks));
    try {
      await play(house);
    } finally {
      await house.clock.await(house.gateway.stop());
    }
    await house.clock.run(600_000);
    assert.equal(house.world.gateway.sockets, 0);
  });
}

const remote = 'receiver@remote.example';
const byIsp1 = '198.51.100.30';
const byIsp2 = '203.0.113.40';

story(
  'without any uplink mail is kept and our own store is served; one that is added takes all',
  [],
  async house => {
    await house.send(remote, 10_000);
    await house.send('user@example.com', 5_000);
    await house.clock.run(60_000);
    assert.ok((house.brought['10.20.0.2'] ?? 0) >= 10);
    assert.equal(house.traced('deferred'), 0);
    await house.reload(house.settings('isp2'));
    await house.clock.run(10_000);
    assert.ok((house.brought[byIsp2] ?? 0) >= 20, JSON.stringify(house.brought));
    const outages = must(await house.clock.await(house.store.outages()));
    assert.ok(outages.length > 0 && outages.every(({ to }) => to !== null));
  },
);

story('a second uplink, added while the only one is dead, takes all that waits', ['isp1'], async house => {
  await house.send(remote, 5_000);
  house.world.gateway.cut(house.world.uplinks[0], 'black hole');
  await house.send(remote, 60_000, 2_000);
  const before = house.world.deliveries.length;
  await house.reload(house.settings('isp1', 'isp2'));
  await house.clock.run(10_000);
  assert.ok(house.world.deliveries.length - before >= 25, JSON.stringify(house.brought));
  assert.equal(house.traced('deferred'), 0);
});

story(
  'the only uplink dies and comes back: nothing is tried meanwhile, all leaves in seconds',
  ['isp1'],
  async house => {
    await house.send(remote, 5_000);
    house.world.gateway.cut(house.world.uplinks[0], 'black hole');
    await house.send(remote, 30_000, 2_000);
    await house.clock.run(3_600_000);
    const attempts = house.traced('attempt');
    assert.equal(house.traced('deferred'), 0);
    house.world.gateway.cut(house.world.uplinks[0], null);
    await house.clock.run(10_000);
    assert.equal(house.traced('delivered'), house.traced('accepted'));
    assert.ok(house.traced('attempt') > attempts);
    assert.deepEqual(Object.keys(house.brought), [byIsp1]);
  },
);

story(
  'an uplink that is removed finishes what it carries, and carries no more',
  ['isp1', 'isp2'],
  async house => {
    for (const receiver of house.world.worldReceivers) receiver.behave({ dotDelayMs: 3_000 });
    await house.send(remote, 4_000);
    await house.reload(house.settings('isp2'));
    await house.send(remote, 20_000);
    await house.clock.run(20_000);
    assert.equal(house.traced('delivered'), house.traced('accepted'));
    assert.equal(house.traced('in_doubt'), 0);
    assert.equal(house.world.deliveries.length, house.traced('accepted'));
    const last = house.world.deliveries.findLast(({ remoteAddress }) => remoteAddress === byIsp1);
    const firstOther = house.world.deliveries.find(({ remoteAddress }) => remoteAddress === byIsp2);
    assert.ok(last && firstOther && last.mailAt <= firstOther.mailAt + 4_000);
    assert.ok((house.brought[byIsp2] ?? 0) > 30);
  },
);

story('a name that changes is given from the next message on', ['isp1'], async house => {
  await house.send(remote, 3_000);
  await house.send('user@example.com', 3_000);
  const [uplink] = house.settings('isp1').uplinks;
  assert.ok(uplink);
  const egresses = uplink.egresses.map(egress => ({ ...egress, ehlo: 'new.example.com' }));
  await house.reload({
    ...house.all,
    hostname: 'renamed.example.com',
    uplinks: [{ ...uplink, egresses }],
  });
  const before = house.trace.events.length;
  await house.send(remote, 3_000);
  await house.send('user@example.com', 3_000);
  const attempts = house.trace.events.slice(before).filter(({ event }) => event === 'attempt');
  assert.ok(attempts.length >= 10);
  for (const { source, ehlo } of attempts)
    assert.equal(ehlo, source === null ? 'renamed.example.com' : 'new.example.com');
});

for (const cut of ['black hole', 'interface down', 'mail port reset', 'outward lost'] satisfies CutKind[])
  test(`simulated gateway, a stand-in whose name does not fit: ${cut}: every receiver refuses it, nothing bounces, and all leaves within a minute of the preferred uplink's return`, async () => {
    const house = new ChangingHouse();
    const [first, second] = house.all.uplinks;
    assert.ok(first && second);
    const egresses = second.egresses.map(egress => ({ ...egress, ehlo: 'wrong.example.com' }));
    await house.start({ ...house.all, uplinks: [first, { ...second, egresses }] });
    for (const { name } of remoteDomains) await house.send(`receiver@${name}`, 2_000);
    house.world.gateway.cut(house.world.uplinks[0], cut);
    for (let turn = 0; turn < 5; turn++)
      for (const { name } of remoteDomains) await house.send(`receiver@${name}`, 3_000, 1_000);
    house.world.gateway.cut(house.world.uplinks[0], null);
    await house.clock.run(60_000);
    assert.equal(house.traced('bounced'), 0);
    assert.ok(house.traced('deferred') > 10);
    assert.equal(house.traced('delivered'), house.traced('accepted'));
    assert.deepEqual(Object.keys(house.brought), [byIsp1]);
    await house.clock.await(house.gateway.stop());
  });

for (const behaviour of [{ greetingDelayMs: 6_000 }, { dotDelayMs: 20_000 }, { replyDelayMs: 3_000 }])
  story(
    `a slow receiver (${JSON.stringify(behaviour)}) is not pestered by the probes of sound uplinks`,
    ['isp1', 'isp2'],
    async house => {
      let ours = 0;
      house.gateway.events.subscribe(event => {
        if (event.kind === 'connect' && !event.probe && event.connectMs !== null) ours += 1;
      });
      for (const { name } of remoteDomains) await house.send(`receiver@${name}`, 5_000);
      const [receiver] = house.world.worldReceivers;
      assert.ok(receiver);
      const before = receiver.counts.connections - ours;
      receiver.behave(behaviour);
      const known = ours;
      await house.send(remote, 20 * 60_000, 2_000);
      const probes = receiver.counts.connections - before - ours;
      assert.ok(probes <= 12, `${probes} probes in 20 minutes, ${ours - known} connections for mail`);
      assert.deepEqual(Object.keys(house.brought), [byIsp1]);
      receiver.behave(plainBehaviour);
    },
  );
