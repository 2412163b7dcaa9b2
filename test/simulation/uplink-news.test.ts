import assert from 'node:assert/strict';
import test from 'node:test';
import { ChangingHouse } from './changing-house.ts';

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
