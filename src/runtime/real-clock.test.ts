import assert from 'node:assert/strict';
import test from 'node:test';
import { realClock } from './real-clock.ts';

test('timers of no time fire within one turn of the loop, in the order in which they were set', async () => {
  for (let round = 0; round < 20; round += 1) {
    const fired: string[] = [];
    realClock.timer(0, () => fired.push('first'));
    realClock.timer(0, () => fired.push('never')).cancel();
    realClock.timer(0, () => fired.push('second'));
    await new Promise(resolve => setImmediate(resolve));
    assert.deepEqual(fired, ['first', 'second']);
  }
});

test('a timer of no time waits for nothing else, wherever it is set', async () => {
  const order: string[] = [];
  const both = Promise.withResolvers<void>();
  setTimeout(() => {
    setTimeout(() => {
      order.push('else');
      both.resolve();
    }, 300);
    realClock.timer(0, () => {
      order.push('first');
      realClock.timer(0, () => order.push('second'));
    });
  }, 1);
  await both.promise;
  assert.deepEqual(order, ['first', 'second', 'else']);
});

test('a timer of many days does not fire at once, nor a sleep end', async () => {
  const fired: string[] = [];
  const warned: string[] = [];
  const hear = (warning: Error): void => void warned.push(warning.name);
  process.on('warning', hear);
  const timer = realClock.timer(40 * 86_400_000, () => fired.push('timer'));
  const giveUp = new AbortController();
  const slept = realClock.sleep(40 * 86_400_000, giveUp.signal).then(() => fired.push('sleep'));
  const past = realClock.timer(-5, () => fired.push('past'));
  await realClock.sleep(20);
  assert.deepEqual(fired, ['past']);
  timer.cancel();
  past.cancel();
  giveUp.abort();
  await slept;
  process.off('warning', hear);
  assert.deepEqual(warned, []);
});
