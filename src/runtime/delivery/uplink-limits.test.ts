import assert from 'node:assert/strict';
import test from 'node:test';
import { must, ReferenceNetwork } from '../../../test/simulation/reference-network.ts';
import { SimClock } from '../../../test/simulation/sim-clock.ts';
import type { EgressSnapshot } from '../../decision/egress/health-state.ts';
import { UplinkLimits, type Waiter } from './uplink-limits.ts';

const nobody = { version: 1, egresses: [] };

class Line implements Waiter {
  waiting: number;
  readonly took: number[] = [];
  readonly #limits: UplinkLimits;
  readonly #clock: SimClock;

  constructor(limits: UplinkLimits, clock: SimClock, waiting: number) {
    this.#limits = limits;
    this.#clock = clock;
    this.waiting = waiting;
  }

  pump(): void {
    while (this.waiting > 0 && this.#limits.takeTurn('isp1', this)) {
      this.waiting -= 1;
      this.took.push(this.#clock.monotonic());
    }
  }
}

function stand(maxRatePerS: number | null) {
  const clock = new SimClock();
  const limits = new UplinkLimits(clock, () => nobody);
  limits.configure([{ name: 'isp1', maxRatePerS, maxConnections: null }]);
  return { clock, limits };
}

test('limits: without a rate all goes at once', () => {
  const { clock, limits } = stand(null);
  const line = new Line(limits, clock, 1_000);
  line.pump();
  assert.equal(line.took.length, 1_000);
});

for (const [perS, seconds] of [
  [10, 60],
  [1, 60],
  [0.1, 600],
  [400, 10],
] as const)
  test(`limits: ${perS}/s is that many, and no more than a few above at once`, async () => {
    const { clock, limits } = stand(perS);
    const line = new Line(limits, clock, 1_000_000);
    line.pump();
    await clock.run(seconds * 1_000);
    const most = perS * seconds + Math.max(1, Math.min(perS, 10)) + 1;
    assert.ok(line.took.length <= most, `${line.took.length}`);
    assert.ok(line.took.length >= perS * seconds * 0.95, `${line.took.length}`);
  });

test('limits: those who wait take turns, however often one asks', async () => {
  const { clock, limits } = stand(5);
  const busy = new Line(limits, clock, 10_000);
  busy.pump();
  const single = new Line(limits, clock, 2);
  single.pump();
  for (let n = 0; n < 200; n++) {
    busy.pump();
    await clock.run(5);
  }
  assert.equal(single.took.length, 2);
});

test('limits: who has nothing more does not hold up the line', async () => {
  const { clock, limits } = stand(10);
  const line = new Line(limits, clock, 100);
  const gone = new Line(limits, clock, 100);
  line.pump();
  gone.pump();
  gone.waiting = 0;
  await clock.run(10_000);
  assert.equal(line.took.length, 100);
});

test('limits: what exceeds the line waits in the queue, with the reason', async () => {
  const { clock, limits } = stand(0.1);
  const line = new Line(limits, clock, 101);
  line.pump();
  assert.match(
    limits.overflow('isp1') ?? '',
    /no more than its max_rate \(6\/m\), and 100 messages wait in line/,
  );
  assert.equal(limits.overflow('isp2'), null);
  await clock.run(20_000);
  assert.equal(limits.overflow('isp1'), null);
});

test('limits: a new configuration lets those who wait go', () => {
  const { clock, limits } = stand(0.001);
  const line = new Line(limits, clock, 50);
  line.pump();
  limits.configure([{ name: 'isp1', maxRatePerS: null, maxConnections: null }]);
  assert.equal(line.took.length, 50);
});

test('limits: a free connection goes to the next who waits, where the first has no use for it', async () => {
  const world = new ReferenceNetwork(1);
  await world.start();
  const [uplink] = world.settings().uplinks;
  const [egress] = uplink?.egresses ?? [];
  assert.ok(egress);
  const view: EgressSnapshot['egresses'][number] = {
    id: egress.id,
    uplink: 'isp1',
    state: 'up',
    since: 0,
    reason: '',
    fit: 'fit',
    preference: 10,
    weight: 1,
    family: egress.family,
    egress: { ...egress, kind: 'uplink', source: egress.address ?? '', publicAddress: '' },
  };
  const limits = new UplinkLimits(world.clock, () => ({ version: 1, egresses: [view] }));
  limits.configure([{ name: 'isp1', maxRatePerS: null, maxConnections: 1 }]);
  const call = limits.counted(world.gateway).connect({
    source: '198.51.100.30',
    address: '192.0.2.10',
    port: 25,
    timeoutMs: 1_000,
  });
  const connection = must(await world.clock.await(call));
  const gone: Waiter = { waiting: 0, pump() {} };
  let pumped = 0;
  const hungry: Waiter = {
    waiting: 1,
    pump: () => {
      pumped += 1;
    },
  };
  assert.deepEqual([limits.mayConnect('isp1', gone), limits.mayConnect('isp1', hungry)], [false, false]);
  connection.destroy();
  await world.clock.run(10);
  assert.equal(pumped, 1);
});
