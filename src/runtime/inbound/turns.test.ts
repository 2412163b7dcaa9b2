import assert from 'node:assert/strict';
import test from 'node:test';
import type { Clock } from '../ports.ts';
import { Turns } from './turns.ts';

/** A clock whose time passes where work is done, and its timers, of which the next fires when told. */
function world() {
  let now = 0;
  const timers: (() => void)[] = [];
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    timer: (_ms, fire) => {
      timers.push(fire);
      return { cancel: () => {} };
    },
    sleep: async () => {},
  };
  const turns = new Turns(clock);
  const done: string[] = [];
  const take = (client: string, what: string, ms: number): boolean =>
    turns.take(client, () => {
      now += ms;
      done.push(what);
    });
  return { turns, timers, done, take, pauseOver: () => timers.shift()?.() };
}

test('while there is time, all is done at once', () => {
  const { take, done, timers } = world();
  assert.equal(take('192.0.2.1', 'a', 0.5), true);
  assert.equal(take('192.0.2.2', 'b', 0.5), true);
  assert.deepEqual(done, ['a', 'b']);
  assert.equal(timers.length, 0);
});

test('after two milliseconds of work there is a pause, and then it goes on in fair turns', () => {
  const { take, done, pauseOver } = world();
  take('192.0.2.1', 'long', 2);
  for (const what of ['f1', 'f2', 'f3', 'f4']) assert.equal(take('192.0.2.1', what, 1), false);
  assert.equal(take('192.0.2.9', 'honest', 0.1), false);
  assert.deepEqual(done, ['long']);
  pauseOver();
  assert.deepEqual(done, ['long', 'f1', 'honest', 'f2']);
  pauseOver();
  assert.deepEqual(done.slice(4), ['f3', 'f4']);
});

test('addresses of one IPv6 /64 take turns together', () => {
  const { take, done, pauseOver } = world();
  take('192.0.2.1', 'long', 2);
  for (const host of [1, 2, 3]) take(`2001:db8::${host}`, `f${host}`, 1);
  take('2001:db8:0:1::1', 'other', 1);
  pauseOver();
  assert.deepEqual(done, ['long', 'f1', 'other']);
});

test('while calls come in, pauses are longer, and end all the same', () => {
  const { turns, take, done, pauseOver } = world();
  take('192.0.2.1', 'long', 2);
  take('192.0.2.1', 'next', 1);
  for (let pause = 1; pause <= 9; pause += 1) {
    turns.called();
    pauseOver();
    assert.deepEqual(done, ['long'], `pause ${pause}`);
  }
  turns.called();
  pauseOver();
  assert.deepEqual(done, ['long', 'next']);
});
