import assert from 'node:assert/strict';
import type { NextHop } from '../../src/decision/next-hop/next-hop.ts';
import { freshRecipient, type QueuedMessage } from '../../src/decision/queue/queued.ts';
import { startReceiver } from '../../src/surface/demo/receiver.ts';
import type { ReceiverBehaviour } from '../../src/surface/demo/receiver-behaviour.ts';
import { type DispatcherHouse, dispatcherStories } from './dispatcher-house.ts';
import { must } from './reference-network.ts';
import { SimHost } from './sim-host.ts';
import { SimLink } from './sim-link.ts';

/** What must not happen, whatever goes wrong. */
const story = dispatcherStories('delivery, faults');

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
    const message: QueuedMessage = {
      id,
      receivedAt,
      reversePath: '',
      sizeBytes: bytes.length,
      bodyType: '7bit',
      client: null,
    };
    house.dispatcher.offer(
      [1, 2].map(index => ({
        message,
        body: { kind: 'inline', bytes },
        recipient: freshRecipient(message, index, remote, lease, null),
      })),
    );
  }
  assert.equal(house.dispatcher.room, 0);
  house.guide.set('isp1', 'up');
  await house.clock.run(120_000);
  assert.equal(house.dispatcher.room, 9_000);
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

story(
  'what was delivered while the disk failed is settled when it works again, and not sent twice',
  async house => {
    await house.accept(remote);
    house.disk.failure = 'disk I/O error';
    await house.clock.run(120_000);
    assert.equal(house.world.deliveries.length, 1);
    assert.match(house.warnings().join('\n'), /cannot be written down.*disk I\/O error/);
    house.disk.failure = null;
    await house.clock.run(120_000);
    assert.equal(house.world.deliveries.length, 1);
    assert.deepEqual(await house.queued(), []);
  },
);

story('on a disk that takes ten seconds for each sync all is delivered once', async house => {
  house.disk.syncMs = 10_000;
  await Promise.all(Array.from({ length: 20 }, () => house.accept(remote)));
  await house.clock.run(120_000);
  assert.equal(house.world.deliveries.length, 20);
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

/** A third uplink, of IPv6 alone, and a host that has an address of each family. */
async function withSix(house: DispatcherHouse, behaviour: Partial<ReceiverBehaviour>): Promise<void> {
  const { world, guide } = house;
  const link = new SimLink('isp3', new Set([25]), { latencyMs: 10 });
  const source = '2001:db8:3::40';
  world.gateway.attach('eth3', source, link);
  const names = { uplink: 'isp3', id: `isp3/${source}`, ehlo: 'mail3.example.com' };
  guide.add({ kind: 'uplink', family: 6, source, publicAddress: source, ...names });
  const address = '2001:db8:a::10';
  const machine = new SimHost('six', world.internet).attach(
    'eth0',
    address,
    new SimLink('six', new Set([25]), { latencyMs: 5 }),
  );
  const receiver = must(
    await startReceiver(machine, {
      port: 25,
      clock: house.clock,
      onDelivery: each => world.deliveries.push(each),
      address,
      name: 'mx.remote.example',
    }),
  );
  receiver.behave(behaviour);
  const to = { host: 'mx.remote.example', port: 25 };
  house.hops.set('remote.example', {
    kind: 'hosts',
    site: 'mx.remote.example',
    hosts: [
      {
        name: 'mx.remote.example',
        mxPreference: 10,
        addresses: [
          { ...to, address: '192.0.2.10' },
          { ...to, address },
        ],
        local: false,
      },
    ],
  });
}

story(
  'an egress of the other family, taken because those of the first are down, is a stand-in',
  async house => {
    await withSix(house, { refuse: { [remote]: '550 5.7.25 No PTR for your address' } });
    for (const uplink of ['isp1', 'isp2']) house.guide.set(uplink, 'down');
    const id = await house.accept(remote);
    await house.clock.run(4 * hour);
    assert.deepEqual(house.eventsOf(id).slice(0, 2), ['attempt', 'deferred']);
    assert.equal(house.eventsOf(id).filter(event => event === 'attempt').length, 1);
    house.guide.set('isp1', 'up');
    await house.clock.run(5_000);
    assert.deepEqual(house.bringers, ['198.51.100.30 mail.example.com']);
  },
);

story('its kept session is left when the first family is back', async house => {
  await withSix(house, {});
  for (const uplink of ['isp1', 'isp2']) house.guide.set(uplink, 'down');
  for (let n = 0; n < 3; n++) {
    await house.accept(remote);
    await house.clock.run(2_000);
  }
  house.guide.set('isp2', 'up');
  await house.accept(remote);
  await house.clock.run(2_000);
  assert.deepEqual(
    house.world.deliveries.map(({ ehlo }) => ehlo),
    [...Array<string>(3).fill('mail3.example.com'), 'mail2.example.com'],
  );
  assert.equal(new Set(house.world.deliveries.slice(0, 3).map(({ sessionAt }) => sessionAt)).size, 1);
});

story('where the first family’s egresses are up, the other family’s answer is the answer', async house => {
  await withSix(house, { refuse: { [remote]: '550 5.7.25 No PTR for your address' } });
  receiverOf(house, 'mx.remote.example').behave({ dropAt: 'connect' });
  const id = await house.accept(remote);
  await house.clock.run(60_000);
  assert.deepEqual(house.eventsOf(id), ['attempt', 'bounced']);
});

story('a flood for a dead site keeps no other mail waiting, and is put off whole', async house => {
  house.hops.set('dead.example', hop('mx.dead.example', deadHost));
  const flood = 12_000;
  const bytes = Buffer.from('Subject: flood\r\n\r\n');
  const receivedAt = house.clock.now();
  const message = {
    receivedAt,
    reversePath: '',
    sizeBytes: bytes.length,
    bodyType: '7bit',
    client: null,
  } as const;
  const appended = Array.from({ length: flood }, (_, n) =>
    house.store.append({
      message: { ...message, id: house.ids.next(receivedAt) },
      body: { kind: 'inline', bytes },
      forwardPaths: [`r${n}@dead.example`],
      lease: null,
    }),
  );
  await house.clock.await(Promise.all(appended));
  house.dispatcher.wake();
  await house.clock.run(3_000);
  assert.ok(house.dispatcher.room > 5_000, `room for ${house.dispatcher.room}`);
  await house.accept(remote);
  await house.clock.run(1_000);
  assert.equal(house.bringers.length, 1);
  await house.clock.run(240_000);
  assert.equal(house.eventsOf().filter(event => event === 'deferred').length, flood);
  assert.equal(house.eventsOf().filter(event => event === 'attempt').length, 1);
});

story('a receiver that only ever puts off keeps one egress for four hours, and no longer', async house => {
  const receiver = receiverOf(house, 'mx.remote.example');
  receiver.behave({ refuse: { [remote]: '451 4.3.0 Later' } });
  house.guide.set('isp1', 'down');
  const id = await house.accept(remote);
  await house.clock.run(60_000);
  house.guide.set('isp1', 'up');
  const startedAt = house.clock.now();
  await house.clock.run(9 * hour);
  const uplinks = house
    .trace(id)
    .filter(({ event }) => event === 'attempt')
    .map(({ at, uplink }) => [at - startedAt < 4 * hour ? 'early' : 'late', uplink]);
  assert.deepEqual(
    [...new Set(uplinks.map(pair => pair.join(' ')))],
    ['early isp2', 'late isp1'],
    JSON.stringify(uplinks),
  );
});

story('an answer that comes after the message was sent again counts for nothing more', async house => {
  const receiver = receiverOf(house, 'mx.remote.example');
  receiver.behave({ dotDelayMs: 700_000 });
  const id = await house.accept(remote);
  await house.clock.run(2_000);
  house.guide.set('isp1', 'down');
  receiver.behave({ dotDelayMs: 0 });
  await house.clock.run(1_400_000);
  assert.deepEqual(house.eventsOf(id), ['attempt', 'in_doubt', 'attempt', 'delivered']);
  assert.equal(house.bringers.length, 2);
  assert.deepEqual(await house.queued(), []);
});

story('a late answer counts for each recipient of the message', async house => {
  const receiver = receiverOf(house, 'mx.remote.example');
  receiver.behave({ dotDelayMs: 60_000, refuse: { 'nobody@remote.example': '550 5.1.1 No such user here' } });
  const id = await house.acceptFrom('', [remote, 'nobody@remote.example', 'other@remote.example']);
  await house.clock.run(2_000);
  house.guide.set('isp1', 'down');
  await house.clock.run(200_000);
  assert.deepEqual(house.eventsOf(id).toSorted(), [
    'attempt',
    'attempt',
    'attempt',
    'bounced',
    'delivered',
    'delivered',
    'in_doubt',
    'in_doubt',
    'in_doubt',
  ]);
  assert.deepEqual(await house.queued(), []);
  await house.clock.run(700_000);
  assert.equal(house.world.deliveries.length, 1);
});

story('the far side’s own end after the dot, while the egress is down, is no answer', async house => {
  const receiver = receiverOf(house, 'mx.remote.example');
  receiver.behave({ dotDelayMs: 30_000 });
  const id = await house.accept(remote);
  await house.clock.run(2_000);
  house.guide.set('isp1', 'down');
  await house.clock.run(1_000);
  house.world.gateway.cut(house.world.uplinks[0], 'mail port reset');
  await house.clock.run(800_000);
  assert.deepEqual(house.eventsOf(id), ['attempt', 'in_doubt', 'attempt', 'delivered']);
});

story(
  'an egress that the receiver refused is no hedge for a slow one, only for one that fails',
  async house => {
    const [first] = house.world.uplinks;
    house.guide.penaltiesOfAll.set('isp2/203.0.113.40', 'mx.remote.example refused it');
    first.quality = { ...first.quality, latencyMs: 300 };
    const slow = await house.accept(remote);
    await house.clock.run(10_000);
    assert.deepEqual(house.eventsOf(slow), ['attempt', 'delivered']);
    await house.clock.run(60_000);
    house.world.gateway.cut(first, 'mail port reset');
    await house.accept(remote);
    await house.clock.run(5_000);
    assert.deepEqual(house.bringers, ['198.51.100.30 mail.example.com', '203.0.113.40 mail2.example.com']);
  },
);

story('a flood for a site that has just lost its sessions stays in hand', async house => {
  await house.accept(remote);
  await house.clock.run(1_000);
  for (let n = 0; n < 1_500; n++) await house.accept(remote);
  house.guide.set('isp1', 'down');
  for (let n = 0; n < 20; n++) await house.accept(remote);
  assert.ok(house.bringers.length < 500, `${house.bringers.length} have left`);
  // What was handed back would be due in half a minute; doubts are later.
  const due = must(await house.clock.await(house.store.nextDue()));
  assert.ok(due === null || due > house.clock.now() + 300_000);
});

story('what an egress drops while the gateway ends is handed back', async house => {
  receiverOf(house, 'mx.remote.example').behave({ replyDelayMs: 5_000 });
  await house.accept(remote);
  await house.clock.run(6_000);
  const stopped = house.dispatcher.stop();
  await house.clock.run(500);
  house.guide.set('isp1', 'down');
  await house.clock.await(stopped);
  assert.deepEqual(
    (await house.queued()).map(({ state, lease }) => [state, lease]),
    [['queued', null]],
  );
});
