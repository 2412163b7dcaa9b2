import assert from 'node:assert/strict';
import test from 'node:test';
import type { NextHop } from '../../src/decision/next-hop/next-hop.ts';
import { DispatcherHouse } from './dispatcher-house.ts';

/** What must not happen whatever goes wrong: a story each; the dispatcher is stopped in any case. */
function story(sentence: string, play: (house: DispatcherHouse) => Promise<void>): void {
  test(`delivery, faults: ${sentence}`, async () => {
    const house = new DispatcherHouse();
    await house.start();
    try {
      await play(house);
    } finally {
      await house.stop();
    }
  });
}

const hour = 3_600_000;
const remote = 'receiver@remote.example';

function receiverOf(house: DispatcherHouse, name: string) {
  const receiver = house.world.worldReceivers.find(each => each.name === name);
  assert.ok(receiver);
  return receiver;
}

/** `host address preference`, in order; the site is named for the first. */
function hop(site: string, ...hosts: readonly string[]): NextHop {
  return {
    kind: 'hosts',
    site,
    hosts: hosts.map(line => {
      const [name = '', address = '', preference = '10'] = line.split(' ');
      const to = { host: name, address, port: 25 };
      return { name, mxPreference: Number(preference), addresses: [to], local: false };
    }),
  };
}

const deadHost = 'mx.dead.example 198.18.9.9 10';
const partnerHost = 'mx.partner.example 198.18.1.10 20';
const schoolHost = 'mx.school.example 198.18.2.10 20';

story('a message for two domains of one dead site is put off, and not tried without end', async house => {
  for (const link of house.world.uplinks) house.world.gateway.cut(link, 'mail port reset');
  house.hops.set('one.example', hop('mx.dead.example', deadHost));
  house.hops.set('two.example', hop('mx.dead.example', deadHost));
  const id = await house.accept('a@one.example', 'b@two.example');
  await house.clock.run(120_000);
  assert.deepEqual(house.eventsOf(id), ['deferred', 'deferred']);
  assert.deepEqual(
    (await house.queued()).map(({ attempts }) => attempts),
    [1, 1],
  );
});

story(
  'a receiver that never answers the dot gets a message less and less often, until it expires',
  async house => {
    receiverOf(house, 'mx.remote.example').behave({ dropAt: 'dot' });
    const id = await house.accept(remote);
    await house.clock.run(125 * hour);
    const events = house.eventsOf(id);
    assert.equal(events.at(-1), 'expired');
    assert.ok(events.length < 150, `${events.length} events`);
    assert.deepEqual(await house.queued(), []);
  },
);

for (const together of [true, false])
  story(
    `domains that share their best host and no other one never meet each other's (${together ? 'one message' : 'two messages'})`,
    async house => {
      house.hops.set('one.example', hop('mx.dead.example', deadHost, partnerHost));
      house.hops.set('two.example', hop('mx.dead.example', deadHost, schoolHost));
      receiverOf(house, 'mx.partner.example').behave({ refuse: { '@two.example': '550 5.7.1 No relaying' } });
      receiverOf(house, 'mx.school.example').behave({ refuse: { '@one.example': '550 5.7.1 No relaying' } });
      if (together) await house.accept('a@one.example', 'b@two.example');
      else {
        await house.accept('a@one.example');
        await house.accept('b@two.example');
      }
      await house.clock.run(60_000);
      await house.accept('c@two.example');
      await house.accept('d@one.example');
      await house.clock.run(60_000);
      assert.deepEqual(
        house.world.deliveries
          .map(({ to, rcptTo }) => `${rcptTo.join(' ')} ${to}`)
          .toSorted((one, other) => one.localeCompare(other)),
        [
          'a@one.example 198.18.1.10',
          'b@two.example 198.18.2.10',
          'c@two.example 198.18.2.10',
          'd@one.example 198.18.1.10',
        ],
      );
      assert.ok(!house.eventsOf().includes('bounced'));
    },
  );

story('a host that was given up while the uplinks died costs no attempt once they are down', async house => {
  for (const link of house.world.uplinks) house.world.gateway.cut(link, 'mail port reset');
  for (let n = 0; n < 60; n++) {
    await house.accept(remote);
    await house.clock.run(1_000);
  }
  for (const uplink of ['isp1', 'isp2']) house.guide.set(uplink, 'down');
  const id = await house.accept(remote);
  await house.clock.run(600_000);
  assert.deepEqual(house.eventsOf(id), []);
});

story('bodies count in memory whichever recipients are in hand', async house => {
  for (const uplink of ['isp1', 'isp2']) house.guide.set(uplink, 'down');
  const bytes = Buffer.alloc(65_536);
  const lease = { owner: 'node', until: house.clock.now() + hour };
  for (let n = 0; n < 2_100; n++) {
    const id = house.ids.next(house.clock.now());
    const receivedAt = house.clock.now();
    house.dispatcher.offer(
      [1, 2].map(index => ({
        message: {
          id,
          receivedAt,
          reversePath: '',
          sizeBytes: bytes.length,
          bodyType: '7bit',
          client: null,
        },
        body: { kind: 'inline', bytes },
        recipient: {
          message: id,
          index,
          forwardPath: remote,
          state: 'active',
          attempts: 0,
          nextAttemptAt: receivedAt,
          lease,
          lastEgress: null,
          lastReply: null,
          doubt: null,
        },
      })),
    );
  }
  assert.equal(house.dispatcher.room, 0);
  house.guide.set('isp1', 'up');
  await house.clock.run(120_000);
  assert.equal(house.dispatcher.room, 10_000);
});

story('while the disk is full a bounce waits, and is made once', async house => {
  receiverOf(house, 'mx.remote.example').behave({ refuse: { [remote]: '550 5.1.1 No such user here' } });
  const id = await house.accept(remote);
  house.disk.isFull = true;
  await house.clock.run(120_000);
  assert.equal(house.world.deliveries.length, 0);
  assert.equal((await house.queued()).length, 1);
  assert.match(house.warnings().join('\n'), /cannot be written down/);
  house.disk.isFull = false;
  await house.clock.run(120_000);
  assert.deepEqual(
    house.world.deliveries.map(({ mailFrom, rcptTo }) => [mailFrom, ...rcptTo]),
    [['', 'sender@example.com']],
  );
  assert.deepEqual(house.eventsOf(id), ['attempt', 'bounced']);
  assert.deepEqual(await house.queued(), []);
});

story('two hundred and fifty recipients of one site go in transactions of a hundred at most', async house => {
  const paths = Array.from({ length: 250 }, (_, n) => `r${n}@remote.example`);
  await house.accept(...paths);
  await house.clock.run(10_000);
  const sizes = house.world.deliveries.map(({ rcptTo }) => rcptTo.length);
  assert.deepEqual(
    sizes.toSorted((one, other) => one - other),
    [50, 100, 100],
  );
  assert.equal(new Set(house.world.deliveries.flatMap(({ rcptTo }) => rcptTo)).size, 250);
});

story(
  'a stand-in that was refused is left as soon as the preferred egress is up again, from degraded too',
  async house => {
    house.guide.set('isp1', 'degraded');
    const receiver = receiverOf(house, 'mx.remote.example');
    receiver.behave({ greeting: '421 4.3.2 Not from you' });
    await house.accept(remote);
    await house.clock.run(2_000);
    assert.equal((await house.queued())[0]?.state, 'deferred');
    receiver.behave({ greeting: null });
    house.guide.set('isp1', 'up');
    await house.clock.run(3_000);
    assert.deepEqual(house.bringers, ['198.51.100.30 mail.example.com']);
  },
);
