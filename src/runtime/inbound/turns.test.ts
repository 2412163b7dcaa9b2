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
    }) === null;
  const pauseOver = () => timers.shift()?.();
  /** This client has had more than little; a pause is under way. */
  const askMuch = (client: string): void => {
    take(client, 'much', 2);
    pauseOver();
    take(client, 'much', 2);
    done.splice(0);
  };
  return { turns, timers, done, take, pauseOver, askMuch };
}

test('while there is time, all is done at once', () => {
  const { take, done, timers } = world();
  assert.equal(take('192.0.2.1', 'a', 0.5), true);
  assert.equal(take('192.0.2.2', 'b', 0.5), true);
  assert.deepEqual(done, ['a', 'b']);
  assert.equal(timers.length, 0);
});

test('after two milliseconds of work there is a pause, and then it goes on in fair turns', () => {
  const { take, done, pauseOver, askMuch } = world();
  askMuch('192.0.2.1');
  for (const what of ['f1', 'f2', 'f3', 'f4']) assert.equal(take('192.0.2.1', what, 1), false);
  assert.equal(take('192.0.2.9', 'honest', 0.1), false);
  assert.deepEqual(done, []);
  pauseOver();
  assert.deepEqual(done, ['honest', 'f1', 'f2']);
  pauseOver();
  assert.deepEqual(done.slice(3), ['f3', 'f4']);
});

test('addresses of one IPv6 /64 take turns together', () => {
  const { take, done, pauseOver, askMuch } = world();
  askMuch('2001:db8::1');
  take('2001:db8::2', 'flood', 1);
  take('2001:db8:0:1::1', 'honest', 0.1);
  pauseOver();
  assert.deepEqual(done, ['honest', 'flood']);
});

test('while calls come in, there is less time for words', () => {
  const { turns, take, done, pauseOver, askMuch } = world();
  askMuch('192.0.2.1');
  for (const what of ['f1', 'f2', 'f3', 'f4']) take('192.0.2.1', what, 0.5);
  turns.called('192.0.2.9', () => done.push('call'));
  pauseOver();
  assert.deepEqual(done, ['call', 'f1']);
  pauseOver();
  assert.deepEqual(done.slice(2), ['f2', 'f3', 'f4']);
});

test('who calls again and again goes behind who called once', () => {
  const { turns, take, done, pauseOver, askMuch } = world();
  askMuch('192.0.2.1');
  for (let call = 0; call < 10; call += 1) turns.called('192.0.2.7', () => {});
  turns.called('192.0.2.9', () => {});
  take('192.0.2.7', 'crowd', 0.1);
  take('192.0.2.9', 'honest', 0.1);
  pauseOver();
  assert.deepEqual(done, ['honest', 'crowd']);
});

test('what was withdrawn is not done, and holds up nothing', () => {
  const { turns, take, done, pauseOver, askMuch } = world();
  askMuch('192.0.2.1');
  const withdraw = turns.take('192.0.2.2', () => done.push('of one that is gone'));
  take('192.0.2.3', 'of one that is there', 0.1);
  withdraw?.();
  pauseOver();
  assert.deepEqual(done, ['of one that is there']);
});

test('when all is done, the next is done at once again', () => {
  const { take, done, pauseOver } = world();
  take('192.0.2.1', 'long', 2);
  take('192.0.2.1', 'a', 1);
  pauseOver();
  assert.equal(take('192.0.2.2', 'b', 0.5), true);
  assert.deepEqual(done, ['long', 'a', 'b']);
});
