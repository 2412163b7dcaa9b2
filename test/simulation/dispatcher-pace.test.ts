import assert from 'node:assert/strict';
import type { NextHop } from '../../src/decision/next-hop/next-hop.ts';
import { type DispatcherHouse, dispatcherStories } from './dispatcher-house.ts';

/** Receivers are treated politely, and senders fairly. */
const story = dispatcherStories('delivery, pace');

const remote = 'receiver@remote.example';
const client = (address: string) => ({ address, helo: 'client', listener: '10.20.0.2:25', uplink: null });

function receiver(house: DispatcherHouse) {
  const found = house.world.worldReceivers.find(({ name }) => name === 'mx.remote.example');
  assert.ok(found);
  return found;
}

function hop(name: string, address: string): NextHop {
  const to = { host: name, address, port: 25 };
  return { kind: 'hosts', site: name, hosts: [{ name, mxPreference: 10, addresses: [to], local: false }] };
}

story('a site begins with a few sessions, and gets more as it takes mail', async house => {
  receiver(house).behave({ replyDelayMs: 1_000 });
  for (let n = 0; n < 200; n++) await house.accept(remote);
  await house.clock.run(3_000);
  assert.equal(receiver(house).counts.open, 5);
  await house.clock.run(20_000);
  assert.ok(receiver(house).counts.open > 10, `${receiver(house).counts.open} sessions`);
  assert.ok(receiver(house).counts.open <= 20);
});

story('a site that says "too much" is given half the sessions', async house => {
  receiver(house).behave({ replyDelayMs: 200 });
  for (let n = 0; n < 600; n++) await house.accept(remote);
  await house.clock.run(12_000);
  const before = receiver(house).counts.open;
  receiver(house).behave({ replyDelayMs: 200, refuse: { [remote]: '421 4.7.0 Too much' } });
  await house.clock.run(900);
  receiver(house).behave({ replyDelayMs: 200, refuse: {} });
  await house.clock.run(3_000);
  const after = receiver(house).counts.open;
  assert.ok(after <= before / 2 + 3, `${before} sessions, then ${after}`);
});

story('the mail store behind us is given all at once', async house => {
  house.hops.set('example.com', {
    kind: 'hosts',
    site: 'store',
    hosts: [
      {
        name: 'store',
        mxPreference: 0,
        addresses: [{ host: 'store', address: '192.0.2.10', port: 25 }],
        local: true,
      },
    ],
  });
  receiver(house).behave({ replyDelayMs: 1_000 });
  for (let n = 0; n < 200; n++) await house.accept('user@example.com');
  await house.clock.run(4_500);
  assert.ok(receiver(house).counts.open >= 10, `${receiver(house).counts.open} sessions`);
});

story('a single message does not wait behind the thousands of another sender', async house => {
  receiver(house).behave({ replyDelayMs: 100 });
  for (let n = 0; n < 2_000; n++) await house.acceptFrom('bulk@example.com', [remote]);
  await house.clock.run(2_000);
  const id = await house.acceptFrom('person@example.com', [remote]);
  await house.clock.run(2_000);
  assert.deepEqual(house.eventsOf(id), ['attempt', 'delivered']);
  assert.ok(house.world.deliveries.length < 1_000);
});

story('two clients take turns, whatever sender they name', async house => {
  receiver(house).behave({ replyDelayMs: 100 });
  for (let n = 0; n < 1_000; n++)
    await house.acceptFrom('a@example.com', [remote], 400, house.clock.now(), client('10.20.0.7'));
  await house.clock.run(1_000);
  const id = await house.acceptFrom('a@example.com', [remote], 400, house.clock.now(), client('10.20.0.8'));
  await house.clock.run(2_000);
  assert.deepEqual(house.eventsOf(id), ['attempt', 'delivered']);
});

story('after an outage of all uplinks one site gets few at once', async house => {
  for (const uplink of ['isp1', 'isp2']) house.guide.set(uplink, 'down');
  receiver(house).behave({ replyDelayMs: 200 });
  for (let n = 0; n < 2_000; n++) await house.accept(remote);
  await house.clock.run(1_000);
  house.guide.set('isp1', 'up');
  await house.clock.run(1_000);
  assert.ok(receiver(house).counts.open <= 5, `${receiver(house).counts.open} sessions`);
});

story('a site that comes back gets few at once', async house => {
  const dead = hop('mx.back.example', '198.18.1.10');
  house.hops.set('back.example', hop('mx.back.example', '198.18.9.9'));
  for (let n = 0; n < 500; n++) await house.accept('a@back.example');
  await house.clock.run(5_000);
  house.hops.set('back.example', dead);
  const partner = house.world.worldReceivers.find(({ name }) => name === 'mx.partner.example');
  partner?.behave({ replyDelayMs: 300 });
  await house.clock.run(400_000);
  assert.equal(house.bringers.length, 500);
  assert.ok((partner?.counts.connections ?? 99) <= 25, `${partner?.counts.connections} connections`);
});

story('mail that failed before leaves places and memory to new mail', async house => {
  for (let n = 0; n < 400; n++)
    house.hops.set(`dead${n}.example`, hop(`mx.dead${n}.example`, `198.19.${n >> 8}.${n & 255}`));
  for (let n = 0; n < 9_000; n++) house.offerRetried(`a@dead${n % 400}.example`);
  await house.clock.run(1_000);
  const id = await house.accept(remote);
  await house.clock.run(1_000);
  assert.deepEqual(house.eventsOf(id), ['attempt', 'delivered']);
});
