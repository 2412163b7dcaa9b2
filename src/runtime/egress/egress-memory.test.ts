import assert from 'node:assert/strict';
import test from 'node:test';
import type { Clock } from '../ports.ts';
import { EgressTally } from './egress-tally.ts';
import { KnownHosts } from './known-hosts.ts';
import { LoopWatch } from './loop-watch.ts';
import { NamedTargets } from './named-targets.ts';
import { RouteTimes, TimeSamples } from './time-samples.ts';

const to = (address: string) => ({ host: `mx.${address}`, address, port: 25 });
const day = 24 * 60 * 60_000;

test('time samples: percentiles of the last ones only', () => {
  const samples = new TimeSamples(10);
  assert.equal(samples.percentile(0.95), null);
  for (let ms = 1; ms <= 20; ms += 1) samples.add(ms);
  assert.deepEqual(
    [samples.size, samples.percentile(0), samples.percentile(0.5), samples.percentile(0.95)],
    [10, 11, 16, 20],
  );
});

test('route times: a new site is judged by all sites, a known one by itself', () => {
  const times = new RouteTimes();
  assert.equal(times.p95('isp1', 'a'), null);
  for (let round = 0; round < 20; round += 1) times.add('isp1', 'a', 300);
  assert.equal(times.p95('isp1', 'b'), 300);
  times.add('isp1', 'b', 20);
  assert.equal(times.p95('isp1', 'b'), 300);
  for (let round = 0; round < 3; round += 1) times.add('isp1', 'b', 20);
  assert.equal(times.p95('isp1', 'b'), 20);
  assert.equal(times.p95('isp2', 'b'), null);
});

test('route times: the number of sites is bounded', () => {
  const times = new RouteTimes();
  for (let site = 0; site < 2_500; site += 1)
    for (let round = 0; round < 4; round += 1) times.add('isp1', `site ${site}`, site);
  assert.equal(times.p95('isp1', 'site 2499'), 2_499);
  assert.notEqual(times.p95('isp1', 'site 0'), 0);
});

test('tally: the rate is that of the last minute', () => {
  const tally = new EgressTally(0);
  for (let now = 0; now < 10_000; now += 100) tally.countSent(now);
  assert.deepEqual([tally.sent, tally.ratePerS(10_000)], [100, 10]);
  assert.equal(tally.ratePerS(40_000), 2.5);
  assert.equal(tally.ratePerS(200_000), 0);
});

test('tally: changes of the last day', () => {
  const tally = new EgressTally(0);
  tally.countChange(0);
  tally.countChange(day);
  assert.equal(tally.changes24h(day + 1), 1);
});

test('known hosts: who reached a host, and when', () => {
  const hosts = new KnownHosts();
  hosts.reached('isp2', 'a', to('192.0.2.10'), 1_000, 0);
  assert.equal(hosts.reachedElsewhere('isp1', to('192.0.2.10'), 500, 1_500), 'isp2');
  assert.equal(hosts.reachedElsewhere('isp2', to('192.0.2.10'), 500, 1_500), null);
  assert.equal(hosts.reachedElsewhere('isp1', to('192.0.2.10'), 1_001, 1_500), null);
  assert.equal(hosts.reachedElsewhere('isp1', { ...to('192.0.2.10'), port: 26 }, 500, 1_500), null);
});

test('known hosts: witnesses are of different sites and networks, and answered within a day', () => {
  const hosts = new KnownHosts();
  hosts.reached('isp1', 'a', to('192.0.2.10'), 0, 0);
  hosts.reached('isp1', 'b', to('192.0.2.11'), 0, 0);
  hosts.reached('isp1', 'a', to('198.18.1.10'), 0, 0);
  assert.equal(hosts.witnesses(4, 0), 1);
  hosts.reached('isp1', 'c', to('198.18.2.10'), 0, 0);
  assert.equal(hosts.witnesses(4, 0), 2);
  assert.equal(hosts.witnesses(6, 0), 0);
  assert.equal(hosts.witnesses(4, day + 1), 0);
});

test('known hosts: one that no egress reaches is no witness once another has answered', () => {
  const hosts = new KnownHosts();
  hosts.reached('isp1', 'a', to('192.0.2.10'), 0, 0);
  hosts.failed('isp1', 'a', to('192.0.2.10'), 10);
  hosts.failed('isp2', 'a', to('192.0.2.10'), 20);
  assert.equal(hosts.unreachedBy(['isp1', 'isp2'], to('192.0.2.10'), 5), true);
  assert.equal(hosts.unreachedBy(['isp1', 'isp3'], to('192.0.2.10'), 5), false);
  hosts.noteDead(to('192.0.2.10'), 20);
  assert.equal(hosts.isWitness(to('192.0.2.10'), 0), true);
  hosts.reached('isp1', 'b', to('198.18.1.10'), 30, 0);
  assert.equal(hosts.isWitness(to('192.0.2.10'), 0), false);
});

test('known hosts: what is kept over a restart is taken back, and nonsense is not', () => {
  const hosts = new KnownHosts();
  for (let host = 1; host <= 60; host += 1)
    hosts.reached('isp1', `site ${host}`, to(`198.18.${host}.10`), host, host);
  const later = new KnownHosts();
  later.load(hosts.save(60), 60);
  assert.equal(later.targets(4, 60).length, 32);
  assert.equal(later.targets(4, 60)[0]?.to.address, '198.18.60.10');
  for (const text of [
    '',
    'null',
    '[1]',
    '[{"site":"a","host":"b","address":"x","port":25,"answeredAt":1}]',
    '{}',
  ]) {
    const empty = new KnownHosts();
    empty.load(text, 60);
    assert.equal(empty.targets(4, 60).length, 0);
  }
});

test('known hosts: strangers that never answer do not drive out those that did', () => {
  const hosts = new KnownHosts();
  hosts.reached('isp1', 'a', to('192.0.2.10'), 0, 0);
  for (let host = 0; host < 2_000; host += 1)
    hosts.failed('isp1', `s${host}`, to(`198.18.${host >> 8}.${host & 255}`), host);
  assert.equal(hosts.isWitness(to('192.0.2.10'), 0), true);
});

const clockAt = (at: { now: number }, timers: (() => void)[] = []): Clock => ({
  now: () => at.now,
  monotonic: () => at.now,
  timer(_ms, fire) {
    timers.push(fire);
    return { cancel() {} };
  },
  async sleep() {},
});

test('named targets: a name is looked up once in a while, and what was known serves while the name service is silent', async () => {
  const at = { now: 0 };
  const answers = [['192.0.2.1', '2001:db8::1'], [], ['192.0.2.2']];
  let asked = 0;
  const targets = new NamedTargets(clockAt(at), async () => answers[asked++] ?? []);
  const look = async (): Promise<string | undefined> => {
    const found = targets.of([{ host: 'mx.remote.example', port: 25 }], 4);
    await Promise.resolve();
    await Promise.resolve();
    return found[0]?.address;
  };
  assert.deepEqual([await look(), await look(), asked], [undefined, '192.0.2.1', 1]);
  at.now = 301_000;
  assert.deepEqual([await look(), await look(), asked], ['192.0.2.1', '192.0.2.1', 2]);
  at.now = 602_000;
  assert.deepEqual([await look(), await look(), asked], ['192.0.2.1', '192.0.2.2', 3]);
});

test('loop watch: a late turn is seen by whoever asks first, and distrusted for a moment after', () => {
  const at = { now: 0 };
  const timers: (() => void)[] = [];
  const watch = new LoopWatch(clockAt(at, timers));
  watch.start();
  at.now = 150;
  assert.equal(watch.isTrusted(), true);
  at.now = 900;
  assert.equal(watch.isTrusted(), false);
  timers.shift()?.();
  at.now = 1_000;
  assert.equal(watch.isTrusted(), false);
  timers.shift()?.();
  at.now = 1_101;
  assert.equal(watch.isTrusted(), true);
  watch.stop();
});
