import assert from 'node:assert/strict';
import test from 'node:test';
import type { ClientLimits } from '../../decision/admission/listener.ts';
import { Guests, type Session } from './guests.ts';

const limits: ClientLimits = { messageSizeBytes: 1_000, recipients: 1, connections: 10, perClient: 3 };

/** A session that is quiet since a moment, or lively; `fate` tells what was done with it. */
class Visitor implements Session {
  fate = 'here';
  engaged = false;
  readonly since: number | null;

  constructor(since: number | null) {
    this.since = since;
  }
  quietSince(): number | null {
    return this.since;
  }
  displace(): void {
    this.fate = 'displaced';
  }
  shutdown(): void {
    this.fate = 'shut down';
  }
  destroy(): void {
    this.fate = 'destroyed';
  }
}

/** A house, and a way in at a time. */
function house() {
  const guests = new Guests();
  const enter = (client: string, ours: boolean, since: number | null, now = 0) => {
    const refused = guests.takePlace(client, ours, limits, now);
    if (refused !== null) return { refused };
    const visitor = new Visitor(since);
    return { refused, visitor, close: guests.seat(client, ours, visitor) };
  };
  return { guests, enter };
}

test('in a full house the quietest of the client that holds most gives its place', () => {
  const { guests, enter } = house();
  const three = [5, 4, null].map(since => enter('192.0.2.1', false, since));
  for (let client = 2; client <= 7; client += 1) enter(`192.0.2.${client}`, false, 1);
  assert.equal(enter('192.0.2.8', false, null).refused, null);
  assert.deepEqual(
    three.map(({ visitor }) => visitor?.fate),
    ['here', 'displaced', 'here'],
  );
  three[1]?.close?.();
  assert.equal(guests.size, 9, 'a place that was given is not given twice');
  assert.equal(enter('192.0.2.9', false, null, 100).refused, null);
  assert.equal(three[0]?.visitor?.fate, 'displaced');
});

test('a client with many lively connections gives one to a client with none, and no more than makes them even', () => {
  const { enter } = house();
  const greedy = [1, 2, 3].flatMap(n => [0, 1, 2].map(() => enter(`192.0.2.${n}`, false, null)));
  const engaged = greedy.slice(0, 3);
  for (const { visitor } of engaged) if (visitor) visitor.engaged = true;
  const fates = () => greedy.map(({ visitor }) => visitor?.fate).join(' ');
  const answers = [11, 12, 13, 14, 15].map(n => enter(`192.0.2.${n}`, false, null, n * 100).refused);
  assert.deepEqual(answers, [null, null, null, null, 'full']);
  assert.equal(fates().split('displaced').length - 1, 4, 'two each of those that do not wait for us');
  assert.ok(engaged.every(({ visitor }) => visitor?.fate === 'here'));
});

test('a rush of newcomers takes from each in turn who holds most', () => {
  const { enter } = house();
  const greedy = [1, 2, 3].map(n => [0, 1, 2].map(() => enter(`192.0.2.${n}`, false, null)));
  const answers = [11, 12, 13, 14, 15, 16, 17].map(n => enter(`192.0.2.${n}`, false, null).refused);
  assert.deepEqual(answers, [null, null, null, null, null, null, 'full']);
  const left = greedy.map(own => own.filter(({ visitor }) => visitor?.fate === 'here').length);
  assert.deepEqual(left, [1, 1, 1]);
});

test('where all are lively, who comes is told to call again', () => {
  const { enter } = house();
  for (let client = 1; client <= 9; client += 1) enter(`192.0.2.${client}`, false, null);
  assert.equal(enter('192.0.2.99', false, null).refused, 'full');
});

test('a stranger drives out none of our own, and one of ours goes before a stranger', () => {
  const { enter } = house();
  const own = Array.from({ length: 10 }, (_, n) => enter(`10.20.0.${n}`, true, 1));
  assert.equal(enter('192.0.2.1', false, null).refused, 'full');
  assert.equal(own[0]?.visitor?.fate, 'here');
  const other = house();
  const stranger = other.enter('192.0.2.1', false, 9);
  for (let n = 0; n < 9; n += 1) other.enter(`10.20.0.${n}`, true, 1);
  assert.equal(other.enter('10.20.0.99', true, null).refused, null);
  assert.equal(stranger.visitor?.fate, 'displaced');
});

test('one client too many is refused before anybody is driven out for it', () => {
  const { enter } = house();
  for (let n = 0; n < 3; n += 1) enter('192.0.2.1', false, 1);
  assert.equal(enter('192.0.2.1', false, 1).refused, 'too many of one client');
});

test('the house is looked over at most twice a second', () => {
  let looks = 0;
  const watched = Object.assign(new Visitor(null), {
    quietSince: () => {
      looks += 1;
      return null;
    },
  });
  const { guests } = house();
  for (let n = 0; n < 9; n += 1) {
    guests.takePlace(`192.0.2.${n}`, false, limits, 0);
    guests.seat(`192.0.2.${n}`, false, watched);
  }
  for (let at = 0; at < 200; at += 1) guests.takePlace('192.0.2.99', false, limits, 3 * at);
  assert.equal(looks, 2 * 9 + 200, 'twice at all of them, and each time at the first to go');
});
