import assert from 'node:assert/strict';
import type { UplinkSetting } from '../../src/decision/egress/egress.ts';
import type { RouteSetting, SmartHost } from '../../src/decision/next-hop/route-setting.ts';
import { type RunningReceiver, startReceiver } from '../../src/surface/demo/receiver.ts';
import { type DispatcherHouse, dispatcherStories } from './dispatcher-house.ts';
import { must } from './reference-network.ts';
import { SimHost } from './sim-host.ts';
import { SimLink } from './sim-link.ts';

/** The operator's routes, and smart hosts of routes and uplinks. */
const story = dispatcherStories('delivery, routes');

const remote = 'receiver@remote.example';
const partner = 'receiver@partner.example';
const smart: SmartHost = { host: 'smtp.isp2.example', port: 587, tls: 'none', login: null };
const smartAddress = '198.18.5.10';
const route = (part: Partial<RouteSetting>): RouteSetting => ({
  to: null,
  from: null,
  uplinks: null,
  smartHost: null,
  ...part,
});

/** `to bringer`, in the order in which they came. */
const came = (house: DispatcherHouse): string[] =>
  house.world.deliveries.map(({ to, remoteAddress }) => `${to} by ${remoteAddress}`);
const [byIsp1, byIsp2] = ['198.51.100.30', '203.0.113.40'];

/** A server of a provider that takes our mail for the world. */
async function smartHost(house: DispatcherHouse): Promise<RunningReceiver> {
  const machine = new SimHost('smtp.isp2.example', house.world.internet).attach(
    'eth0',
    smartAddress,
    new SimLink('smart host', new Set([587]), { latencyMs: 5 }),
  );
  house.names.set(smart.host, [smartAddress]);
  const started = startReceiver(machine, {
    port: 587,
    address: smartAddress,
    name: smart.host,
    clock: house.clock,
    onDelivery: each => house.world.deliveries.push(each),
  });
  return must(await house.clock.await(started));
}

/** Uplink isp2 (or isp1) sends all its mail through the smart host. */
function giveSmartHost(house: DispatcherHouse, name: string, part: Partial<SmartHost> = {}): void {
  const give = (uplink: UplinkSetting): UplinkSetting =>
    uplink.name === name ? { ...uplink, smartHost: { ...smart, ...part } } : uplink;
  house.reload({ uplinks: house.settings.uplinks.map(give) });
  house.guide.change(name, { viaSmartHost: true });
}

function remoteReceiver(house: DispatcherHouse, name = 'mx.remote.example'): RunningReceiver {
  const found = house.world.worldReceivers.find(each => each.name === name);
  assert.ok(found);
  return found;
}

story('a route’s uplinks are the only ones that its mail uses', async house => {
  house.reload({ routes: [route({ to: 'partner.example', uplinks: ['isp2'] })] });
  await house.accept(partner);
  await house.accept(remote);
  await house.clock.run(1_000);
  assert.deepEqual(came(house).toSorted(), [`192.0.2.10 by ${byIsp1}`, `198.18.1.10 by ${byIsp2}`]);
});

story(
  'while a route’s uplinks are down its mail waits, with the reason, and goes when one is back',
  async house => {
    house.reload({ routes: [route({ from: '@bulk.example.com', uplinks: ['isp2'] })] });
    house.guide.set('isp2', 'down');
    const id = await house.acceptFrom('news@bulk.example.com', [remote]);
    await house.accept(remote);
    await house.clock.run(60_000);
    assert.deepEqual(came(house), [`192.0.2.10 by ${byIsp1}`]);
    assert.deepEqual(house.eventsOf(id), ['deferred']);
    const [waiting] = await house.queued();
    assert.match(waiting?.lastReply ?? '', /no uplink of its route \(isp2\) can be used \(isp2\S* is down/);
    assert.equal(waiting?.attempts, 0);
    house.guide.set('isp2', 'up');
    await house.clock.run(2_000);
    assert.deepEqual(came(house)[1], `192.0.2.10 by ${byIsp2}`);
  },
);

story('a route’s mail is not hedged by an uplink that it may not use', async house => {
  house.reload({ routes: [route({ to: '*', uplinks: ['isp1'] })] });
  house.world.gateway.cut(house.world.uplinks[0], 'black hole');
  await house.accept(remote);
  await house.clock.run(20_000);
  assert.deepEqual(came(house), []);
  assert.equal(remoteReceiver(house).callers.get(byIsp2), undefined);
});

story('recipients of one message go each by their own route', async house => {
  house.reload({ routes: [route({ to: 'a@remote.example', uplinks: ['isp2'] })] });
  await house.accept('a@remote.example', 'b@remote.example');
  await house.clock.run(1_000);
  assert.deepEqual(
    house.world.deliveries.map(({ rcptTo, remoteAddress }) => `${rcptTo.join()} ${remoteAddress}`).toSorted(),
    [`a@remote.example ${byIsp2}`, `b@remote.example ${byIsp1}`],
  );
});

story('a route for everything sends no mail of ours away', async house => {
  await smartHost(house);
  house.reload({ routes: [route({ to: '*', smartHost: smart })] });
  await house.accept('user@example.com');
  await house.accept(remote);
  await house.clock.run(1_000);
  assert.deepEqual(came(house).toSorted(), [`10.20.0.10 by 10.20.0.2`, `${smartAddress} by ${byIsp1}`]);
});

story(
  'a route’s smart host takes mail for any domain, in one transaction, by the uplinks that are up',
  async house => {
    await smartHost(house);
    house.reload({ routes: [route({ from: '@bulk.example.com', smartHost: smart })] });
    await house.acceptFrom('news@bulk.example.com', [remote, partner]);
    await house.clock.run(1_000);
    house.guide.set('isp1', 'down');
    await house.acceptFrom('news@bulk.example.com', ['a@silent.example']);
    await house.clock.run(1_000);
    assert.deepEqual(
      house.world.deliveries.map(({ rcptTo, remoteAddress }) => `${rcptTo.length} ${remoteAddress}`),
      [`2 ${byIsp1}`, `1 ${byIsp2}`],
    );
  },
);

story('a smart host in a private network is reached by no uplink', async house => {
  for (const uplink of ['isp1', 'isp2']) house.guide.set(uplink, 'down');
  const inside = { ...smart, host: '10.20.0.10', port: 25 };
  house.reload({ routes: [route({ to: '*', smartHost: inside })] });
  await house.accept(remote);
  await house.clock.run(1_000);
  assert.deepEqual(came(house), ['10.20.0.10 by 10.20.0.2']);
});

story('a smart host’s refusal of a recipient is the answer', async house => {
  const host = await smartHost(house);
  host.behave({ refuse: { [remote]: '550 5.1.1 No such user' } });
  house.reload({ routes: [route({ to: 'remote.example', smartHost: smart })] });
  const id = await house.accept(remote);
  await house.clock.run(2_000);
  assert.deepEqual(house.eventsOf(id), ['attempt', 'bounced']);
});

story('an uplink’s smart host is used while the better uplink is down, and no longer', async house => {
  await smartHost(house);
  giveSmartHost(house, 'isp2');
  await house.accept(remote);
  await house.clock.run(1_000);
  house.guide.set('isp1', 'down');
  const id = await house.accept(remote);
  await house.clock.run(1_000);
  house.guide.set('isp1', 'up');
  await house.accept(remote);
  await house.clock.run(1_000);
  assert.deepEqual(came(house), [
    `192.0.2.10 by ${byIsp1}`,
    `${smartAddress} by ${byIsp2}`,
    `192.0.2.10 by ${byIsp1}`,
  ]);
  const attempt = house.trace(id).find(({ event }) => event === 'attempt');
  assert.match(attempt?.reason ?? '', /^stand-in for isp1, which is down: .*; through its smart host$/);
});

story('an uplink with a smart host is never raced', async house => {
  const host = await smartHost(house);
  giveSmartHost(house, 'isp2');
  house.world.gateway.cut(house.world.uplinks[0], 'black hole');
  await house.accept(remote);
  await house.clock.run(20_000);
  assert.deepEqual(came(house), []);
  assert.equal(host.counts.connections, 0);
  assert.equal(remoteReceiver(house).callers.get(byIsp2), undefined);
  house.guide.set('isp1', 'down');
  await house.clock.run(1_000);
  assert.deepEqual(came(house), [`${smartAddress} by ${byIsp2}`]);
});

story('an uplink with a smart host that is the best is used alone', async house => {
  await smartHost(house);
  giveSmartHost(house, 'isp1');
  await house.accept(remote);
  await house.clock.run(1_000);
  house.guide.set('isp1', 'drained');
  await house.accept(remote);
  await house.clock.run(1_000);
  assert.deepEqual(came(house), [`${smartAddress} by ${byIsp1}`, `192.0.2.10 by ${byIsp2}`]);
});

story(
  'mail that waits for a site goes by the smart host as soon as the other uplink is down',
  async house => {
    await smartHost(house);
    giveSmartHost(house, 'isp2');
    remoteReceiver(house).behave({ replyDelayMs: 2_000 });
    for (let n = 0; n < 30; n++) await house.accept(remote);
    await house.clock.run(1_000);
    house.guide.set('isp1', 'down');
    await house.clock.run(2_000);
    assert.equal(came(house).filter(each => each === `${smartAddress} by ${byIsp2}`).length, 30);
  },
);

story('mail that waits for a smart host goes straight as soon as a better uplink is back', async house => {
  const host = await smartHost(house);
  giveSmartHost(house, 'isp2');
  house.guide.set('isp1', 'down');
  host.behave({ replyDelayMs: 2_000 });
  for (let n = 0; n < 30; n++) await house.accept(remote);
  await house.clock.run(3_000);
  house.guide.set('isp1', 'up');
  await house.clock.run(3_000);
  const straight = came(house).filter(each => each === `192.0.2.10 by ${byIsp1}`).length;
  assert.ok(straight >= 20, `${straight} went straight`);
  await house.clock.run(20_000);
  assert.equal(came(house).length, 30);
});

story('what was under way by an uplink that goes down goes by the smart host', async house => {
  await smartHost(house);
  giveSmartHost(house, 'isp2');
  remoteReceiver(house).behave({ muteAt: 'data' });
  await house.accept(remote);
  await house.clock.run(1_000);
  remoteReceiver(house).behave({ muteAt: null });
  house.guide.set('isp1', 'down');
  await house.clock.run(1_000);
  assert.deepEqual(came(house), [`${smartAddress} by ${byIsp2}`]);
  assert.equal(remoteReceiver(house).callers.get(byIsp2), undefined);
});

story('a smart host needs nothing of DNS', async house => {
  await smartHost(house);
  giveSmartHost(house, 'isp2');
  house.guide.set('isp1', 'down');
  await house.accept('a@silent.example');
  await house.clock.run(1_000);
  assert.deepEqual(came(house), [`${smartAddress} by ${byIsp2}`]);
});

story('a smart host that is of no use is passed over, and asked again later', async house => {
  const host = await smartHost(house);
  giveSmartHost(house, 'isp1');
  host.behave({ dropAt: 'connect' });
  for (let n = 0; n < 3; n++) await house.accept(remote);
  await house.clock.run(15_000);
  assert.deepEqual(new Set(came(house)), new Set([`192.0.2.10 by ${byIsp2}`]));
  assert.equal(came(house).length, 3);
  assert.equal(
    house.warnings().filter(each => /The smart host smtp\.isp2\.example cannot be used/.test(each)).length,
    1,
  );
  host.behave({ dropAt: null });
  await house.clock.run(60_000);
  await house.accept(remote);
  await house.clock.run(1_000);
  assert.equal(came(house)[3], `${smartAddress} by ${byIsp1}`);
});

story('a smart host that is the only way and of no use is tried again by the schedule', async house => {
  const host = await smartHost(house);
  giveSmartHost(house, 'isp1');
  house.guide.set('isp2', 'down');
  host.behave({ dropAt: 'connect' });
  await house.accept(remote);
  await house.clock.run(60_000);
  assert.ok(host.counts.connections <= 12, `${host.counts.connections} connections`);
  host.behave({ dropAt: null });
  await house.clock.run(400_000);
  assert.deepEqual(came(house), [`${smartAddress} by ${byIsp1}`]);
});

story(
  'without its password a smart host’s mail waits, the operator hears of it, and the file mends it',
  async house => {
    await smartHost(house);
    const login = { user: 'mail@example.com', passwordFile: '/etc/postern/isp2' };
    house.reload({ routes: [route({ to: '*', smartHost: { ...smart, tls: 'none', login } })] });
    const id = await house.accept(remote);
    await house.clock.run(30_000);
    assert.deepEqual(house.eventsOf(id), ['deferred']);
    const [waiting] = await house.queued();
    assert.match(waiting?.lastReply ?? '', /There is no file \/etc\/postern\/isp2/);
    assert.equal(house.warnings().length, 1);
  },
);

story('a message of our own domain never goes through a smart host', async house => {
  const host = await smartHost(house);
  giveSmartHost(house, 'isp1');
  const to = { host: '192.0.2.10', address: '192.0.2.10', port: 25 };
  house.hops.set('example.com', {
    kind: 'hosts',
    site: '192.0.2.10:25',
    hosts: [{ name: '192.0.2.10', mxPreference: 0, addresses: [to], local: false }],
  });
  await house.accept('user@example.com');
  await house.clock.run(1_000);
  house.guide.set('isp2', 'down');
  await house.accept('user@example.com');
  await house.clock.run(20_000);
  assert.deepEqual(came(house), [`192.0.2.10 by ${byIsp2}`]);
  assert.equal(host.counts.connections, 0);
});

story('an unfit uplink that is to be held carries nothing until its identity stands', async house => {
  const unfit = { fit: 'unfit', whenUnfit: 'hold', unfitReason: 'it has no PTR' } as const;
  for (const uplink of ['isp1', 'isp2']) house.guide.change(uplink, unfit);
  const id = await house.accept(remote);
  await house.clock.run(30_000);
  assert.deepEqual(house.eventsOf(id), ['deferred']);
  assert.match(
    (await house.queued())[0]?.lastReply ?? '',
    /is held, for its identity does not stand: it has no PTR/,
  );
  house.guide.change('isp1', { fit: 'fit' }, 'drained');
  await house.clock.run(2_000);
  assert.deepEqual(came(house), [`192.0.2.10 by ${byIsp1}`]);
});

story('a reload takes new routes for mail that comes after', async house => {
  await house.accept(remote);
  await house.clock.run(1_000);
  house.reload({ routes: [route({ to: 'remote.example', uplinks: ['isp2'] })] });
  await house.accept(remote);
  await house.clock.run(1_000);
  house.reload({ routes: [] });
  await house.accept(remote);
  await house.clock.run(1_000);
  assert.deepEqual(came(house), [
    `192.0.2.10 by ${byIsp1}`,
    `192.0.2.10 by ${byIsp2}`,
    `192.0.2.10 by ${byIsp1}`,
  ]);
});

story('a smart host that refuses to speak with us bounces nothing', async house => {
  const host = await smartHost(house);
  house.reload({ routes: [route({ to: '*', smartHost: smart })] });
  host.behave({ greeting: '554 5.7.1 Not a customer' });
  const id = await house.accept(remote);
  await house.clock.run(60_000);
  const last = house.trace(id).at(-1);
  assert.deepEqual([last?.event, last?.blame], ['deferred', 'egress']);
  assert.match(last?.reason ?? '', /refused to speak with us \(greeting\): 554 5\.7\.1 Not a customer/);
  host.behave({ greeting: null });
  await house.clock.run(600_000);
  assert.deepEqual(came(house), [`${smartAddress} by ${byIsp1}`]);
});

for (const line of ['554 5.7.1 Relay access denied', '530 5.7.0 Authentication required'])
  story(
    `a smart host that says ${line} of a recipient bounces nothing, and the operator hears of it once`,
    async house => {
      const host = await smartHost(house);
      host.behave({ refuse: { [remote]: line } });
      house.reload({ routes: [route({ to: '*', smartHost: smart })] });
      const ids = [await house.accept(remote), await house.accept(remote)];
      await house.clock.run(2_000);
      for (const id of ids) assert.deepEqual(house.eventsOf(id), ['attempt', 'deferred']);
      assert.equal(house.warnings().filter(text => text.includes(line)).length, 1);
      host.behave({ refuse: {} });
      await house.clock.run(900_000);
      assert.equal(came(house).length, 2);
    },
  );

story(
  'mail that waits goes by a route that a reload brings, and past a smart host that it takes away',
  async house => {
    const host = await smartHost(house);
    for (const each of [host, remoteReceiver(house)]) each.behave({ replyDelayMs: 2_000 });
    house.reload({ routes: [route({ from: '@bulk.example.com', smartHost: smart })] });
    for (let n = 0; n < 30; n++) await house.acceptFrom('news@bulk.example.com', [remote]);
    for (let n = 0; n < 30; n++) await house.accept(partner);
    await house.clock.run(1_000);
    house.reload({ routes: [route({ from: '@bulk.example.com', uplinks: ['isp2'] })] });
    await house.clock.run(60_000);
    const [there, byRoute] = [`${smartAddress} by ${byIsp1}`, `192.0.2.10 by ${byIsp2}`];
    const count = (way: string): number => came(house).filter(each => each === way).length;
    assert.ok(count(there) <= 5, `${count(there)} went on to the smart host`);
    assert.equal(count(there) + count(byRoute), 30);
  },
);

story('a smart host that does not answer holds up no direct mail to the same destination', async house => {
  const host = await smartHost(house);
  house.reload({ routes: [route({ from: '@bulk.example.com', smartHost: smart })] });
  remoteReceiver(house).behave({ greylistTries: 1 });
  await house.accept(remote);
  await house.clock.run(1_000);
  const [waiting] = await house.queued();
  assert.equal(waiting?.state, 'deferred');
  await house.clock.run(waiting.nextAttemptAt - house.clock.now() - 15_000);
  host.behave({ greetingDelayMs: 3_600_000 });
  for (let n = 0; n < 1_010; n++) await house.acceptFrom('news@bulk.example.com', [remote]);
  await house.clock.run(12_000);
  for (let n = 0; n < 10; n++) await house.acceptFrom('news@bulk.example.com', [remote]);
  assert.equal(came(house).length, 0);
  await house.clock.run(6_000);
  assert.deepEqual(came(house), [`192.0.2.10 by ${byIsp1}`]);
});

story(
  'a smart host without an address, or without its password, leaves its uplink’s mail to another one at once',
  async house => {
    giveSmartHost(house, 'isp1');
    await house.accept(remote);
    await house.clock.run(1_000);
    assert.deepEqual(came(house), [`192.0.2.10 by ${byIsp2}`]);
    await smartHost(house);
    giveSmartHost(house, 'isp1', { tls: 'verify', login: { user: 'u', passwordFile: '/nowhere' } });
    await house.accept(remote);
    await house.clock.run(1_000);
    assert.equal(came(house)[1], `192.0.2.10 by ${byIsp2}`);
  },
);
