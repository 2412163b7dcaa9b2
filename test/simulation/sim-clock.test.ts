import assert from 'node:assert/strict';
import test from 'node:test';
import { SimClock } from './sim-clock.ts';
import { SimRandom } from './sim-random.ts';

test('simulated clock: timers fire in the order of their time, equals in the order they were set', async () => {
  const clock = new SimClock();
  const random = new SimRandom(7);
  const fired: [number, number][] = [];
  for (let i = 0; i < 500; i++) {
    const ms = random.between(1, 50);
    clock.timer(ms, () => fired.push([ms, i]));
  }
  await clock.run(100);
  assert.equal(fired.length, 500);
  assert.deepEqual(
    fired,
    fired.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]),
  );
  assert.equal(clock.monotonic(), 100);
});

test('simulated clock: all that one timer sets in motion is at rest before the next', async () => {
  const clock = new SimClock();
  const seen: string[] = [];
  clock.timer(1, () => {
    void (async () => {
      for (let i = 0; i < 100; i++) await Promise.resolve();
      process.nextTick(() => seen.push('work of the first'));
    })();
  });
  clock.timer(1, () => seen.push('second'));
  await clock.run(1);
  assert.deepEqual(seen, ['work of the first', 'second']);
});

test('simulated clock: a cancelled timer is silent, a timer set by a timer fires in its turn', async () => {
  const clock = new SimClock();
  const seen: number[] = [];
  clock.timer(5, () => seen.push(clock.monotonic())).cancel();
  clock.timer(2, () => clock.timer(2, () => seen.push(clock.monotonic())));
  await clock.run(10);
  assert.deepEqual(seen, [4]);
});

test('simulated clock: a program that waits for the rest of a fraction gets on, as it would with Node', async () => {
  const clock = new SimClock();
  const seen: number[] = [];
  clock.timer(2.7, () => seen.push(clock.monotonic()));
  clock.timer(1e-13, () => seen.push(clock.monotonic()));
  clock.after(0.25, () => seen.push(clock.monotonic()));
  await clock.run(10);
  assert.deepEqual(seen, [0.25, 1, 2]);
});

test('simulated clock: the wall jumps, durations do not', async () => {
  const clock = new SimClock();
  const start = clock.now();
  let fired = 0;
  clock.timer(1_000, () => {
    fired = clock.monotonic();
  });
  clock.jumpWall(-3_600_000);
  await clock.run(1_000);
  assert.equal(fired, 1_000);
  assert.equal(clock.now(), start - 3_599_000);
});

test('simulated clock: after a stall the timers of that time fire late', async () => {
  const clock = new SimClock();
  const seen: number[] = [];
  clock.timer(10, () => seen.push(clock.monotonic()));
  clock.stall(500);
  await clock.run(0);
  assert.deepEqual(seen, [500]);
});

test('simulated clock: an abort ends a sleep at once', async () => {
  const clock = new SimClock();
  const abort = new AbortController();
  clock.timer(3, () => abort.abort());
  await clock.await(clock.sleep(1_000, abort.signal));
  assert.equal(clock.monotonic(), 3);
});

test('simulated chance: one seed gives one history, another seed another', () => {
  const draw = (seed: number): number[] => {
    const random = new SimRandom(seed);
    return Array.from({ length: 50 }, () => random.next());
  };
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1), draw(2));
  assert.ok(draw(3).every(value => value >= 0 && value < 1));
});
