import assert from 'node:assert/strict';
import test from 'node:test';
import type { NetworkError } from '../../src/decision/egress/observation.ts';
import { networkContract } from './network-contract.ts';
import { SimClock } from './sim-clock.ts';
import { SimHost } from './sim-host.ts';
import { SimInternet } from './sim-internet.ts';
import { type CutKind, type LinkQuality, SimLink } from './sim-link.ts';
import { SimProcess } from './sim-process.ts';
import { SimRandom } from './sim-random.ts';

const mailPorts = new Set([25]);
const source = '198.51.100.30';
const receiver = '192.0.2.10';

type World = {
  readonly clock: SimClock;
  readonly internet: SimInternet;
  readonly uplink: SimLink;
  readonly gateway: SimHost;
  readonly remote: SimHost;
  /** What the remote host has heard, all connections together. */
  heard: string;
};

/** Our host with one uplink, and a remote one that listens on port 25 and repeats what it hears. */
async function world(seed: number, quality: Partial<LinkQuality> = {}): Promise<World> {
  const clock = new SimClock();
  const internet = new SimInternet(clock, new SimRandom(seed));
  const uplink = new SimLink('isp1', mailPorts, quality);
  const gateway = new SimHost('gateway', internet).attach('eth1', source, uplink);
  const remote = new SimHost('remote', internet).attach('eth0', receiver, new SimLink('wire', mailPorts));
  const made: World = { clock, internet, uplink, gateway, remote, heard: '' };
  await remote.listen(receiver, 25, connection =>
    connection.handle({
      data: chunk => {
        made.heard += chunk.toString('latin1');
        connection.write([chunk]);
      },
      drained() {},
      closed() {},
    }),
  );
  return made;
}

networkContract('simulated network', () => {
  const clock = new SimClock();
  const internet = new SimInternet(clock, new SimRandom(1));
  const host = new SimHost('one', internet).attach('eth1', '10.0.0.1', new SimLink('one', mailPorts));
  return { network: host, addresses: ['127.0.0.2', '127.0.0.3'], pass: promise => clock.await(promise) };
});

const connects: [CutKind, string, number][] = [
  ['interface down', 'timeout', 127_000],
  ['interface down, unreachable default', 'host_unreachable', 4],
  ['gateway gone', 'host_unreachable', 3_000],
  ['black hole', 'timeout', 127_000],
  ['far side down', 'network_unreachable', 12],
  ['mail port dropped', 'timeout', 127_000],
  ['mail port reset', 'refused', 4],
  ['mail port prohibited', 'host_unreachable', 4],
  ['address taken away', 'address_absent', 3],
  ['outward lost', 'timeout', 127_000],
  ['inward lost', 'timeout', 127_000],
];
for (const [cut, kind, ms] of connects) {
  test(`simulated network: a connect over a link with "${cut}" ends as ${kind} after ${ms} ms`, async () => {
    const { clock, gateway, uplink } = await world(1);
    gateway.cut(uplink, cut);
    const target = { source, address: receiver, port: 25, timeoutMs: 200_000 };
    const result = await clock.await(gateway.connect(target));
    assert.equal(result.ok ? 'connected' : result.error.kind, kind);
    assert.ok(Math.abs(clock.monotonic() - ms) < 10, `${clock.monotonic()} ms`);
  });
}

test('simulated network: our own limit ends a connect before the kernel does', async () => {
  const { clock, gateway, uplink } = await world(1);
  gateway.cut(uplink, 'black hole');
  const result = await clock.await(
    gateway.connect({ source, address: receiver, port: 25, timeoutMs: 4_000 }),
  );
  assert.equal(result.ok ? 'connected' : result.error.kind, 'timeout');
  assert.equal(clock.monotonic(), 4_000);
});

test('simulated network: a connect that was given up leaves no connection at the far side', async () => {
  const { clock, gateway, remote, uplink } = await world(1);
  let accepted = 0;
  await remote.listen(receiver, 2_525, () => {
    accepted += 1;
  });
  uplink.quality = { ...uplink.quality, latencyMs: 100 };
  const abort = new AbortController();
  clock.timer(150, () => abort.abort());
  const target = { source, address: receiver, port: 2_525, timeoutMs: 9_000, signal: abort.signal };
  const result = await clock.await(gateway.connect(target));
  assert.equal(result.ok ? 'connected' : result.error.kind, 'aborted');
  await clock.run(60_000);
  assert.equal(accepted, 0);
});

const silent: CutKind[] = ['black hole', 'gateway gone', 'far side down', 'mail port dropped', 'inward lost'];
for (const cut of silent) {
  test(`simulated network: an established connection over "${cut}" goes silent, and goes on when it is healed`, async () => {
    const made = await world(5);
    const { clock, gateway, uplink } = made;
    const result = await clock.await(
      gateway.connect({ source, address: receiver, port: 25, timeoutMs: 9_000 }),
    );
    assert.ok(result.ok);
    let echoed = '';
    let closed: NetworkError | null | 'open' = 'open';
    result.value.handle({
      data(chunk) {
        echoed += chunk.toString();
      },
      drained() {},
      closed(error) {
        closed = error;
      },
    });
    result.value.write([Buffer.from('one ')]);
    await clock.run(100);
    gateway.cut(uplink, cut);
    result.value.write([Buffer.from('two')]);
    await clock.run(60_000);
    assert.deepEqual([echoed, closed], ['one ', 'open']);
    gateway.cut(uplink, null);
    assert.ok(await clock.runUntil(() => echoed === 'one two', 120_000), echoed);
    assert.equal(made.heard, 'one two');
  });
}

const oneWay: [CutKind, string][] = [
  ['inward lost', 'one two'],
  ['outward lost', 'one '],
];
for (const [cut, heard] of oneWay) {
  test(`simulated network: with "${cut}" the far side has heard "${heard}" and we hear nothing more`, async () => {
    const made = await world(5);
    const { clock, gateway, uplink } = made;
    const result = await clock.await(
      gateway.connect({ source, address: receiver, port: 25, timeoutMs: 9_000 }),
    );
    assert.ok(result.ok);
    let echoed = '';
    const data = (chunk: Buffer): void => {
      echoed += chunk.toString();
    };
    result.value.handle({ data, drained() {}, closed() {} });
    result.value.write([Buffer.from('one ')]);
    await clock.run(1_000);
    gateway.cut(uplink, cut);
    result.value.write([Buffer.from('two')]);
    await clock.run(60_000);
    assert.deepEqual([made.heard, echoed], [heard, 'one ']);
  });
}

test('simulated network: the kernel gives a silent connection up after a quarter of an hour', async () => {
  const { clock, gateway, uplink } = await world(5);
  const result = await clock.await(
    gateway.connect({ source, address: receiver, port: 25, timeoutMs: 9_000 }),
  );
  assert.ok(result.ok);
  const closed = Promise.withResolvers<NetworkError | null>();
  result.value.handle({ data() {}, drained() {}, closed: closed.resolve });
  gateway.cut(uplink, 'black hole');
  result.value.write([Buffer.from('hello')]);
  assert.equal((await clock.await(closed.promise))?.kind, 'timeout');
  assert.ok(clock.monotonic() > 900_000 && clock.monotonic() < 1_100_000);
});

test('simulated network: a provider that resets port 25 breaks what is established', async () => {
  const { clock, gateway, uplink } = await world(5);
  const result = await clock.await(
    gateway.connect({ source, address: receiver, port: 25, timeoutMs: 9_000 }),
  );
  assert.ok(result.ok);
  const closed = Promise.withResolvers<NetworkError | null>();
  result.value.handle({ data() {}, drained() {}, closed: closed.resolve });
  gateway.cut(uplink, 'mail port reset');
  result.value.write([Buffer.from('hello')]);
  assert.equal((await clock.await(closed.promise, 1_000))?.kind, 'reset');
});

test('simulated network: what a destroyed socket had written can still arrive, as with a real kernel', async () => {
  const made = await world(5);
  const { clock, gateway, uplink } = made;
  const result = await clock.await(
    gateway.connect({ source, address: receiver, port: 25, timeoutMs: 9_000 }),
  );
  assert.ok(result.ok);
  result.value.handle({ data() {}, drained() {}, closed() {} });
  gateway.cut(uplink, 'black hole');
  result.value.write([Buffer.from('late')]);
  result.value.destroy();
  await clock.run(2_000);
  gateway.cut(uplink, null);
  await clock.run(60_000);
  assert.equal(made.heard, 'late');
});

test('simulated network: a port that a process opens as it dies is free', async () => {
  const { clock, gateway } = await world(5);
  const process = new SimProcess(gateway, clock);
  void process.network.listen(source, 2525, () => {});
  process.kill();
  await clock.run(1);
  assert.equal(gateway.listening, 0);
});

test('simulated network: the kernel forgets a destroyed socket whose far side never ends', async () => {
  const { clock, gateway, remote } = await world(5);
  await remote.listen(receiver, 587, connection =>
    connection.handle({ data() {}, drained() {}, ended() {}, closed() {} }),
  );
  const result = await clock.await(
    gateway.connect({ source, address: receiver, port: 587, timeoutMs: 9_000 }),
  );
  assert.ok(result.ok);
  result.value.end();
  await clock.run(3_000);
  assert.equal(gateway.sockets, 1);
  result.value.destroy();
  assert.equal(gateway.sockets, 0);
});

test('simulated network: a killed process hears nothing more, and its peers see its connections end', async () => {
  const made = await world(5);
  const { clock, gateway } = made;
  const life = new SimProcess(gateway, clock);
  const told: string[] = [];
  await life.network.listen(source, 2_525, () => told.push('accepted'));
  const result = await clock.await(
    life.network.connect({ source, address: receiver, port: 25, timeoutMs: 9_000 }),
  );
  assert.ok(result.ok);
  result.value.handle({
    data: () => told.push('data'),
    drained() {},
    closed: () => told.push('closed'),
  });
  life.clock.timer(100, () => told.push('timer'));
  void life.clock.sleep(100).then(() => told.push('slept'));
  result.value.write([Buffer.from('last words')]);
  life.kill();
  await clock.run(60_000);
  assert.deepEqual(told, []);
  assert.equal(made.heard, 'last words');
  assert.deepEqual([gateway.sockets, gateway.listening], [0, 0]);
  const next = new SimProcess(gateway, clock);
  assert.equal((await next.network.listen(source, 2_525, () => {})).ok, true);
});

test('simulated network: of the steps of a process it is known which its callers caused by what they said', async () => {
  const { clock, gateway, remote } = await world(5);
  const life = new SimProcess(gateway, clock, { pieceBytes: () => 2 });
  await life.network.listen(source, 2_525, connection =>
    connection.handle({
      data: chunk => connection.write([chunk]),
      drained() {},
      closed() {},
    }),
  );
  const result = await clock.await(
    remote.connect({ source: receiver, address: source, port: 2_525, timeoutMs: 9_000 }),
  );
  assert.ok(result.ok);
  result.value.handle({ data() {}, drained() {}, closed() {} });
  await clock.run(1_000);
  assert.deepEqual([life.calls, life.heard], [1, 0]);
  const before = life.steps;
  result.value.write([Buffer.from('seven by')]);
  await clock.run(1_000);
  assert.deepEqual([life.calls, life.heard, life.steps - before], [1, 4, 8]);
  // What it called itself is its own doing.
  const own = await clock.await(
    life.network.connect({ source, address: receiver, port: 25, timeoutMs: 9_000 }),
  );
  assert.ok(own.ok);
  own.value.handle({ data() {}, drained() {}, closed() {} });
  own.value.write([Buffer.from('echoed')]);
  await clock.run(1_000);
  assert.deepEqual([life.calls, life.heard], [1, 4]);
});

for (const loss of [0.1, 0.3]) {
  test(`simulated network: with ${loss * 100} % loss, jitter and 300 ms every byte arrives once, in order`, async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const made = await world(seed, { latencyMs: 150, jitterMs: 40, loss });
      const { clock, gateway } = made;
      const result = await clock.await(
        gateway.connect({ source, address: receiver, port: 25, timeoutMs: 200_000 }),
      );
      if (!result.ok) continue;
      const text = Array.from({ length: 8_000 }, (_, i) => `line ${i}\r\n`).join('');
      let echoed = '';
      result.value.handle({
        data(chunk) {
          echoed += chunk.toString('latin1');
        },
        drained() {},
        closed() {},
      });
      result.value.write([Buffer.from(text)]);
      assert.ok(await clock.runUntil(() => echoed.length >= text.length, 3_600_000), `seed ${seed}`);
      assert.ok(echoed === text && made.heard === text, `seed ${seed}`);
    }
  });
}

test('simulated network: chunks are split at places that nobody can count on', async () => {
  const { clock, gateway, remote } = await world(3);
  const sizes = new Set<number>();
  await remote.listen(receiver, 2_525, connection =>
    connection.handle({ data: chunk => sizes.add(chunk.length), drained() {}, closed() {} }),
  );
  const result = await clock.await(
    gateway.connect({ source, address: receiver, port: 2_525, timeoutMs: 9_000 }),
  );
  assert.ok(result.ok);
  result.value.handle({ data() {}, drained() {}, closed() {} });
  for (let i = 0; i < 200; i++) {
    result.value.write([Buffer.alloc(1_000)]);
    await clock.run(i % 3);
  }
  await clock.run(10_000);
  assert.ok(sizes.size > 10, String(sizes.size));
});

test('simulated network: a slow link takes its time, and says what is not acknowledged yet', async () => {
  const made = await world(1, { bytesPerMs: 1_000 });
  const { clock, gateway } = made;
  const result = await clock.await(
    gateway.connect({ source, address: receiver, port: 25, timeoutMs: 9_000 }),
  );
  assert.ok(result.ok);
  result.value.handle({ data() {}, drained() {}, closed() {} });
  result.value.write([Buffer.alloc(3_000_000)]);
  await clock.run(1_500);
  const left = (await result.value.unsentBytes()) ?? 0;
  assert.ok(left > 1_000_000 && left < 2_500_000, String(left));
  await clock.run(3_000);
  assert.equal(await result.value.unsentBytes(), 0);
});

test('simulated network: a firewall on the way blocks one address and leaves the other', async () => {
  const { clock, internet, gateway } = await world(1);
  gateway.attach('eth2', '203.0.113.40', new SimLink('isp2', mailPorts));
  internet.block(source, receiver);
  const target = { address: receiver, port: 25, timeoutMs: 5_000 };
  const blocked = await clock.await(gateway.connect({ ...target, source }));
  const open = await clock.await(gateway.connect({ ...target, source: '203.0.113.40' }));
  assert.deepEqual([blocked.ok, open.ok], [false, true]);
});

test('simulated network: behind NAT the far side sees the public address', async () => {
  const { clock, internet, remote } = await world(1);
  const inside = new SimHost('inside', internet).attach(
    'eth1',
    '10.20.1.2',
    new SimLink('nat', mailPorts),
    '203.0.113.41',
  );
  const seen = Promise.withResolvers<string>();
  await remote.listen(receiver, 2_525, connection => seen.resolve(connection.remoteAddress));
  const target = { source: '10.20.1.2', address: receiver, port: 2_525, timeoutMs: 5_000 };
  const result = await clock.await(inside.connect(target));
  assert.equal(result.ok ? result.value.localAddress : '', '10.20.1.2');
  assert.equal(await clock.await(seen.promise), '203.0.113.41');
});

const visible: [CutKind, boolean][] = [
  ['interface down', true],
  ['interface down, unreachable default', true],
  ['address taken away', true],
  ['black hole', false],
  ['gateway gone', false],
  ['mail port dropped', false],
];
for (const [cut, shown] of visible) {
  test(`simulated network: the host ${shown ? 'sees' : 'does not see'} "${cut}"`, async () => {
    const { clock, gateway, uplink } = await world(1);
    let told = 0;
    const watch = gateway.watchHost(() => {
      told += 1;
    });
    gateway.cut(uplink, cut);
    await clock.run(100);
    assert.equal(told > 0, shown);
    assert.equal(
      gateway.addresses().some(({ address }) => address === source),
      !shown,
    );
    gateway.cut(uplink, null);
    await clock.run(100);
    assert.ok(gateway.addresses().some(({ address }) => address === source));
    watch.close();
  });
}

test('simulated network: one seed gives one history, another seed another', async () => {
  const run = async (seed: number): Promise<string> => {
    const { clock, internet, gateway, uplink } = await world(seed, { loss: 0.1, jitterMs: 5 });
    for (let i = 0; i < 20; i++) {
      void gateway.connect({ source, address: receiver, port: 25, timeoutMs: 9_000 }).then(result => {
        if (!result.ok) return;
        result.value.handle({ data: () => result.value.end(), drained() {}, closed() {} });
        result.value.write([Buffer.alloc(5_000, i)]);
      });
      if (i === 10) gateway.cut(uplink, 'black hole');
      if (i === 12) gateway.cut(uplink, null);
      await clock.run(400);
    }
    await clock.run(300_000);
    return internet.fingerprint();
  };
  assert.equal(await run(11), await run(11));
  assert.notEqual(await run(11), await run(12));
});
