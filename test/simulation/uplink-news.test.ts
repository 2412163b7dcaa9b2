import assert from 'node:assert/strict';
import test from 'node:test';
import { ChangingHouse } from './changing-house.ts';
import { remoteDomains } from './reference-network.ts';

test('uplinks: both cut and healed under mail, each change is told once', async () => {
  const house = new ChangingHouse();
  const told: string[] = [];
  house.events.subscribe(event => {
    if (event.kind !== 'condition' || !/uplink/.test(event.condition.kind)) return;
    const { subject, previous, state } = event.condition;
    told.push(`${subject === '' ? 'all' : subject} ${previous} ${state}`);
  });
  await house.start(house.all);
  const { world, clock } = house;
  await house.send('receiver@remote.example', 10_000);
  await house.send('receiver@shop.example', 5_000);
  assert.deepEqual(told.splice(0), [], 'a sound start is no news');
  world.gateway.cut(world.uplinks[0], 'black hole');
  await house.send('receiver@remote.example', 30_000);
  assert.deepEqual(told.splice(0), ['isp1 up down']);
  world.gateway.cut(world.uplinks[1], 'black hole');
  await house.send('receiver@shop.example', 60_000);
  assert.equal(told.includes('all over trouble'), true);
  for (const uplink of world.uplinks) world.gateway.cut(uplink, null);
  await house.send('receiver@shop.example', 60_000);
  await house.send('receiver@remote.example', 120_000);
  assert.equal(told.filter(line => line === 'all trouble over').length, 1);
  assert.equal(told.filter(line => /^isp1 \w+ up$/.test(line)).length, 1);
  assert.equal(told.filter(line => /^isp2 \w+ up$/.test(line)).length, 1);
  await clock.await(house.gateway.stop());
});

test('uplinks: a session tried by hand shows that an uplink lives', async () => {
  const house = new ChangingHouse();
  // So that no probe of its own shows it before.
  const health = { intervalMs: 3_600_000, suspectIntervalMs: 1_000, timeoutMs: 4_000, proveMs: 10_000 };
  const probe = [{ host: remoteDomains[0].address, port: 25 }];
  await house.start({ ...house.all, uplinks: house.all.uplinks.map(each => ({ ...each, health, probe })) });
  const state = (): string | undefined => house.gateway.uplinks().find(({ name }) => name === 'isp2')?.state;
  assert.equal(state(), 'unknown');
  const test = await house.clock.await(house.gateway.testUplink('isp2'));
  assert.equal(test.ok && test.value[0]?.ok, true);
  assert.equal(state(), 'up');
  await house.clock.await(house.gateway.stop());
});
