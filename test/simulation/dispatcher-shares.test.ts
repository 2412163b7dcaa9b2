import assert from 'node:assert/strict';
import type { UplinkSetting } from '../../src/decision/egress/egress.ts';
import { type DispatcherHouse, dispatcherStories } from './dispatcher-house.ts';

/** What an uplink may and should carry: its rate, its connections, its share, a drill. */
const story = dispatcherStories('delivery, shares');

const remote = 'receiver@remote.example';
const [byIsp1, byIsp2] = ['198.51.100.30', '203.0.113.40'];

function give(house: DispatcherHouse, name: string, part: Partial<UplinkSetting>): void {
  const change = (uplink: UplinkSetting): UplinkSetting =>
    uplink.name === name ? { ...uplink, ...part } : uplink;
  house.reload({ uplinks: house.settings.uplinks.map(change) });
}

const count = (house: DispatcherHouse, by: string): number =>
  house.world.deliveries.filter(({ remoteAddress }) => remoteAddress === by).length;

function receiver(house: DispatcherHouse, name = 'mx.remote.example') {
  const found = house.world.worldReceivers.find(each => each.name === name);
  assert.ok(found);
  return found;
}

story('a warm uplink carries its share of a site’s mail, and the rest goes as always', async house => {
  give(house, 'isp2', { warmShare: 0.1 });
  for (let n = 0; n < 200; n++) {
    await house.accept(remote);
    await house.clock.run(20);
  }
  await house.clock.run(5_000);
  assert.deepEqual([count(house, byIsp1), count(house, byIsp2)], [180, 20]);
  assert.ok(
    house.trace().some(({ reason }) => reason === "isp2, for its warm_share of 10% of the site's mail"),
  );
});

for (const state of ['down', 'degraded', 'drained'] as const)
  story(`a warm uplink that is ${state} gets no share`, async house => {
    give(house, 'isp2', { warmShare: 0.5 });
    house.guide.set('isp2', state);
    for (let n = 0; n < 10; n++) await house.accept(remote);
    await house.clock.run(5_000);
    assert.deepEqual([count(house, byIsp1), count(house, byIsp2)], [10, 0]);
  });

story(
  'what a warm uplink is refused with goes by the preferred one at once, and bounces nothing',
  async house => {
    const [, view] = house.guide.snapshot().egresses;
    assert.ok(view?.egress);
    house.guide.change('isp2', { egress: { ...view.egress, ehlo: 'nobody.example.com' } });
    house.dispatcher.favour('isp2', 1);
    await house.accept(remote);
    await house.clock.run(2_000);
    assert.deepEqual([count(house, byIsp1), count(house, byIsp2)], [1, 0]);
    assert.deepEqual(house.guide.penalised, ['isp2/203.0.113.40']);
    assert.ok(!house.eventsOf().includes('bounced'));
  },
);

story(
  'a recipient that a warm uplink is refused for reasons of policy is asked for by the preferred one',
  async house => {
    house.dispatcher.favour('isp2', 1);
    receiver(house).behave({ refuse: { [remote]: '550 5.7.1 Not from there' } });
    const id = await house.accept(remote);
    await house.clock.run(5_000);
    const ways = house.trace(id).map(({ event, uplink }) => `${event} ${uplink}`);
    assert.deepEqual(ways.slice(0, 3), ['attempt isp2', 'attempt isp1', 'bounced isp1']);
  },
);

story('a warm uplink that cannot connect costs its share a moment only', async house => {
  give(house, 'isp2', { warmShare: 0.5 });
  house.world.gateway.cut(house.world.uplinks[1], 'black hole');
  for (let n = 0; n < 4; n++) await house.accept(remote);
  await house.clock.run(2_000);
  assert.deepEqual([count(house, byIsp1), count(house, byIsp2)], [4, 0]);
});

story('a drill favours an uplink for a while', async house => {
  const end = house.dispatcher.favour('isp2', 0.5);
  for (let n = 0; n < 20; n++) await house.accept(remote);
  await house.clock.run(5_000);
  assert.deepEqual([count(house, byIsp1), count(house, byIsp2)], [10, 10]);
  end();
  for (let n = 0; n < 20; n++) await house.accept(remote);
  await house.clock.run(5_000);
  assert.deepEqual([count(house, byIsp1), count(house, byIsp2)], [30, 10]);
});

story('mail waits for the rate of its uplink, and never spills to another one', async house => {
  give(house, 'isp1', { maxRatePerS: 5 });
  for (let n = 0; n < 100; n++) await house.accept(remote);
  await house.clock.run(10_000);
  assert.ok(house.world.deliveries.length <= 56, `${house.world.deliveries.length} in 10 s`);
  await house.clock.run(12_000);
  assert.deepEqual([count(house, byIsp1), count(house, byIsp2)], [100, 0]);
  assert.ok(house.trace().some(({ reason }) => reason?.endsWith('in line for the max_rate of isp1 (5/s)')));
});

story('the rate of one uplink holds up no mail of another, nor of one site that of the next', async house => {
  give(house, 'isp1', { maxRatePerS: 1 });
  house.reload({ routes: [{ to: 'partner.example', from: null, uplinks: ['isp2'], smartHost: null }] });
  for (let n = 0; n < 200; n++) await house.accept(remote);
  await house.accept('receiver@partner.example');
  await house.accept('receiver@school.example');
  await house.clock.run(5_000);
  assert.equal(count(house, byIsp2), 1);
  assert.ok(house.world.deliveries.some(({ to }) => to === '198.18.2.10'));
});

story('more than five minutes’ worth waits in the queue, with the reason, and comes after', async house => {
  give(house, 'isp1', { maxRatePerS: 1 });
  for (let n = 0; n < 400; n++) await house.accept(remote);
  await house.clock.run(1_000);
  const waiting = (await house.queued()).filter(({ state }) => state === 'deferred');
  assert.ok(waiting.length > 90, `${waiting.length} wait`);
  assert.match(waiting[0]?.lastReply ?? '', /isp1 carries no more than its max_rate \(1\/s\)/);
  assert.equal(waiting[0]?.attempts, 0);
  await house.clock.run(900_000);
  assert.equal(count(house, byIsp1), 400);
});

story('an uplink never has more connections than it may, whatever waits', async house => {
  give(house, 'isp1', { maxConnections: 2 });
  for (const each of house.world.worldReceivers) each.behave({ replyDelayMs: 200 });
  const open = (): number => house.world.worldReceivers.reduce((sum, each) => sum + each.counts.open, 0);
  for (let n = 0; n < 20; n++)
    for (const name of ['remote', 'partner', 'school']) await house.accept(`receiver@${name}.example`);
  let most = 0;
  for (let n = 0; n < 600; n++) {
    await house.clock.run(100);
    most = Math.max(most, open());
  }
  assert.equal(most, 2);
  assert.deepEqual([count(house, byIsp1), count(house, byIsp2)], [60, 0]);
});

story('hedges of many sites at once stay within the connections of the spare uplink', async house => {
  give(house, 'isp2', { maxConnections: 2 });
  house.world.gateway.cut(house.world.uplinks[0], 'black hole');
  for (const each of house.world.worldReceivers) each.behave({ greetingDelayMs: 5_000 });
  for (const name of ['remote', 'partner', 'school', 'shop'])
    for (let n = 0; n < 3; n++) await house.accept(`receiver@${name}.example`);
  await house.clock.run(2_000);
  const open = house.world.worldReceivers.reduce((sum, each) => sum + each.counts.open, 0);
  assert.equal(open, 2);
});

story('an idle session of one site makes room for another site’s mail', async house => {
  give(house, 'isp1', { maxConnections: 1 });
  await house.accept(remote);
  await house.clock.run(1_000);
  await house.accept('receiver@partner.example');
  await house.clock.run(1_000);
  assert.equal(count(house, byIsp1), 2);
});

story('connections that were opened under other settings are counted off when they end', async house => {
  give(house, 'isp1', { maxConnections: 2 });
  for (let turn = 0; turn < 3; turn++) {
    for (const name of ['remote', 'partner']) await house.accept(`receiver@${name}.example`);
    await house.clock.run(1_000);
    give(house, 'isp1', { maxConnections: 2 });
    await house.clock.run(60_000);
  }
  assert.deepEqual([count(house, byIsp1), count(house, byIsp2)], [6, 0]);
});

story(
  'a session of a drill that goes on as a stand-in is refused once, and not asked without end',
  async house => {
    const end = house.dispatcher.favour('isp2', 1);
    await house.accept(remote);
    await house.clock.run(1_000);
    end();
    const receiver = house.world.worldReceivers.find(({ name }) => name === 'mx.remote.example');
    receiver?.behave({ refuse: { 'other@remote.example': '550 5.7.1 Not from there' } });
    house.guide.set('isp1', 'down');
    const id = await house.accept('other@remote.example');
    await house.clock.run(5_000);
    assert.deepEqual(house.eventsOf(id), ['attempt', 'deferred']);
  },
);

story('with one connection the next host is asked when the one that refused has gone', async house => {
  give(house, 'isp1', { maxConnections: 1 });
  receiver(house).behave({ greeting: '554 5.7.1 Not here' });
  const host = (name: string, address: string, mxPreference: number) => {
    const addresses = [{ host: name, address, port: 25 }];
    return { name, mxPreference, addresses, local: false };
  };
  const hosts = [host('mx.remote.example', '192.0.2.10', 10), host('mx.partner.example', '198.18.1.10', 20)];
  house.hops.set('two.example', { kind: 'hosts', site: 'mx.remote.example', hosts });
  await house.accept('a@two.example');
  await house.clock.run(5_000);
  assert.deepEqual([count(house, byIsp1), count(house, byIsp2)], [1, 0]);
});
