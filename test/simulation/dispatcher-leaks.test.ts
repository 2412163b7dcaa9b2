import assert from 'node:assert/strict';
import test from 'node:test';
import type { DispatcherSettings } from '../../src/runtime/delivery/dispatcher.ts';
import { startReceiver } from '../../src/surface/demo/receiver.ts';
import { plainBehaviour, type ReceiverBehaviour } from '../../src/surface/demo/receiver-behaviour.ts';
import { testCertificate } from '../certificates.ts';
import { DispatcherHouse } from './dispatcher-house.ts';
import { must, remoteDomains } from './reference-network.ts';
import { SimHost } from './sim-host.ts';
import { cutKinds, SimLink } from './sim-link.ts';
import { SimRandom } from './sim-random.ts';

const tls = { ...testCertificate('remote'), whim: 'none' } as const;
const whims: readonly Partial<ReceiverBehaviour>[] = [
  { greeting: '421 4.3.2 Come later' },
  { greeting: '554 5.7.1 Not you' },
  { greetingDelayMs: 40_000 },
  { dropAt: 'connect' },
  { dropAt: 'ehlo' },
  { dropAt: 'mail' },
  { dropAt: 'rcpt' },
  { dropAt: 'data' },
  { dropAt: 'dot' },
  { muteAt: 'ehlo' },
  { muteAt: 'rcpt' },
  { muteAt: 'dot' },
  { dotDelayMs: 30_000 },
  { replyDelayMs: 2_000 },
  { greylistTries: 1 },
  { messagesPerSession: 1 },
  { chunking: true },
  { startTls: tls, chunking: true },
  { startTls: { ...tls, whim: 'refused' } },
  { startTls: { ...tls, whim: 'junk' } },
  { startTls: { ...tls, whim: 'hang' } },
  { startTls: { ...tls, whim: 'injected' } },
  { startTls: { ...tls, whim: 'left' } },
];

const smartHost = { host: 'smtp.isp2.example', port: 587, tls: 'may', login: null } as const;

function variants({ uplinks }: DispatcherSettings): readonly Partial<DispatcherSettings>[] {
  const [first, second] = uplinks;
  if (!first || !second) return [];
  const toSmartHost = { to: null, from: '@bulk.example.com', uplinks: null, smartHost };
  return [
    { uplinks, routes: [] },
    { uplinks: [{ ...first, maxConnections: 2 }, second], routes: [toSmartHost] },
    { uplinks: [first, { ...second, maxConnections: 1, maxRatePerS: 1 }] },
    {
      uplinks: [
        { ...first, maxRatePerS: 3 },
        { ...second, warmShare: 0.3 },
      ],
    },
    { uplinks: [first, { ...second, smartHost }], routes: [toSmartHost] },
    // Taken away it would be forgotten what is counted of it.
    { uplinks: [first, { ...second, preference: 5 }] },
  ];
}

/** Faults without end, one every second or so, while mail comes. */
async function torment(house: DispatcherHouse, random: SimRandom, faults: number): Promise<void> {
  const { world, clock, guide } = house;
  const ways = variants(house.settings);
  for (let n = 0; n < faults; n++) {
    const sender = random.pick(['a@example.com', 'b@example.com', 'news+7@bulk.example.com']);
    const to = () => `u${random.between(1, 4)}@${random.pick(remoteDomains).name}`;
    await house.acceptFrom(sender, random.chance(0.3) ? [...new Set([to(), to(), to()])] : [to()]);
    const turn = random.next();
    const uplink = random.pick(world.uplinks);
    if (turn < 0.35) random.pick(world.worldReceivers).behave({ ...plainBehaviour, ...random.pick(whims) });
    else if (turn < 0.55) world.gateway.cut(uplink, random.chance(0.5) ? null : random.pick(cutKinds));
    else if (turn < 0.8)
      guide.change(uplink.name, { state: random.pick(['up', 'up', 'down', 'drained', 'degraded'] as const) });
    else if (turn < 0.85) guide.verdict = random.pick(['answers', 'silent']);
    else if (turn < 0.92) house.reload(random.pick(ways));
    else random.pick([...world.worldReceivers]).behave(plainBehaviour);
    await clock.run(random.between(20, 2_000));
  }
}

/** Recipients whose message came twice though no doubt was told of, or never, and who were not given back. */
function unsettled(house: DispatcherHouse): string[] {
  const came = new Map<string, number>();
  for (const { messageId, rcptTo } of house.world.deliveries)
    for (const path of rcptTo) {
      const key = `${messageId} ${path}`;
      came.set(key, (came.get(key) ?? 0) + 1);
    }
  const told = new Map<string, Set<string>>();
  for (const { id, recipient, event, sender } of house.trace()) {
    // Reports have Message-IDs of their own.
    if (sender === '') continue;
    const key = `<${id}@example.com> ${recipient}`;
    told.set(key, (told.get(key) ?? new Set()).add(event));
  }
  return [...told].flatMap(([key, events]) => {
    const times = came.get(key) ?? 0;
    if (times > 1 && !events.has('in_doubt')) return [`${key} came ${times} times`];
    const isOver = events.has('delivered') ? times > 0 : events.has('bounced') || events.has('expired');
    return isOver ? [] : [`${key} came ${times} times: ${[...events].join()}`];
  });
}

for (const seed of [1, 2])
  test(`delivery, leaks, seed ${seed}: after thousands of faults nothing is counted that is not there`, async () => {
    const house = new DispatcherHouse();
    const { world, clock, guide } = house;
    const address = '198.18.5.10';
    const machine = new SimHost('smtp.isp2.example', world.internet).attach(
      'eth0',
      address,
      new SimLink('smart host', new Set([587]), { latencyMs: 5 }),
    );
    house.names.set(smartHost.host, [address]);
    house.hops.set(
      'bulk.example.com',
      (await house.hops.get('example.com')) ?? { kind: 'defer', reason: '' },
    );
    const setting = { port: 587, address, name: smartHost.host, clock };
    must(
      await clock.await(
        startReceiver(machine, { ...setting, onDelivery: each => world.deliveries.push(each) }),
      ),
    );
    await house.start();
    await torment(house, new SimRandom(seed), 1_500);
    for (const link of world.uplinks) {
      world.gateway.cut(link, null);
      guide.change(link.name, { state: 'up' });
    }
    for (const receiver of world.worldReceivers) receiver.behave(plainBehaviour);
    const uplinks = world.settings().uplinks.map(uplink => ({ ...uplink, maxConnections: 3 }));
    house.reload({ uplinks, routes: [] });
    for (let waited = 0; waited < 40 && (await house.queued()).length > 0; waited++)
      await clock.run(1_800_000);
    assert.deepEqual(await house.queued(), []);
    await clock.run(120_000);
    for (const [what, count] of Object.entries(house.dispatcher.inUse)) assert.equal(count, 0, what);
    assert.deepEqual(unsettled(house), []);
    assert.ok(world.deliveries.length > 1_000, `${world.deliveries.length} deliveries`);
    assert.equal(world.gateway.sockets, 0);
    await house.stop();
  });
