import assert from 'node:assert/strict';
import test from 'node:test';
import { FairTurns } from './fair-turns.ts';

/** Turns, and a clock that goes on by what work costs. */
function house(costs: (client: string) => number) {
  const turns = new FairTurns<string>();
  let now = 0;
  return {
    turns,
    add: (client: string, pieces: number) => {
      for (let at = 0; at < pieces; at += 1) turns.add(client, 'work', now);
    },
    /** Does so many pieces, and tells whose they were. */
    serve: (pieces: number): string[] => {
      const served: string[] = [];
      while (served.length < pieces) {
        const next = turns.next();
        if (next === null) break;
        served.push(next.client);
        now += costs(next.client);
        turns.charge(next.client, costs(next.client), now);
      }
      return served;
    },
    pass: (ms: number) => {
      now += ms;
    },
    charge: (client: string, ms: number) => turns.charge(client, ms, now),
  };
}

const shareOf = (served: readonly string[], client: string): number =>
  served.filter(each => each === client).length;

test('one client is served in the order of what it said, and nothing is left', () => {
  const turns = new FairTurns<string>();
  for (const work of ['a', 'b', 'c']) turns.add('192.0.2.1', work, 0);
  for (const work of ['a', 'b', 'c']) {
    assert.equal(turns.next()?.work, work);
    turns.charge('192.0.2.1', 0.1, 0);
  }
  assert.equal(turns.next(), null);
});

test('of those that ask for much each has as much time as the next, whatever it asks for', () => {
  const { add, serve } = house(client => (client === 'few' ? 0.2 : 0.02));
  add('many', 2_000);
  add('few', 2_000);
  const served = serve(1_000);
  const ratio = (shareOf(served, 'many') * 0.1) / shareOf(served, 'few');
  assert.ok(ratio > 0.9 && ratio < 1.1, `${ratio}`);
});

test('each word of a short dialogue goes first, though fifty clients ask for much', () => {
  const { add, serve } = house(client => (client === 'honest' ? 0.15 : 0.3));
  for (let client = 0; client < 50; client += 1) add(`busy ${client}`, 100);
  serve(600);
  for (let word = 0; word < 6; word += 1) {
    add('honest', 1);
    assert.deepEqual(serve(1), ['honest'], `word ${word}`);
    serve(5);
  }
});

test('nobody has little by asking again and again', () => {
  const { add, serve } = house(() => 0.1);
  for (let client = 0; client < 10; client += 1) add(`busy ${client}`, 500);
  serve(400);
  const served: string[] = [];
  for (let at = 0; at < 1_000; at += 1) {
    if (shareOf(served.slice(-1), 'again') === 0 && at % 2 === 0) add('again', 1);
    served.push(...serve(1));
  }
  assert.ok(shareOf(served, 'again') < 150, `${shareOf(served, 'again')}`);
});

test('what was taken where all were served at once counts too, and is forgiven in seconds', () => {
  const { add, serve, charge, pass } = house(() => 0.1);
  add('busy', 1_000);
  serve(50);
  for (let piece = 0; piece < 28; piece += 1) charge('again', 0.25);
  add('again', 1);
  assert.deepEqual(serve(1), ['busy']);
  assert.equal(shareOf(serve(40), 'again'), 1, 'it has its turn soon all the same');
  pass(4_000);
  serve(1);
  add('again', 1);
  assert.deepEqual(serve(1), ['again']);
});

test('who took nothing for long has saved nothing up: it waits for who came before', () => {
  const { add, serve, charge, pass } = house(() => 0.1);
  charge('old', 0.5);
  pass(900);
  add('new', 1);
  pass(10);
  add('old', 1);
  assert.deepEqual(serve(2), ['new', 'old']);
});

test('a piece that took long by chance does not shut its client out', () => {
  let isFirst = true;
  const { add, serve } = house(client => {
    if (client === 'unlucky' && isFirst) return 1_000;
    return 0.3;
  });
  add('unlucky', 1);
  serve(1);
  isFirst = false;
  for (const client of ['unlucky', 'other']) add(client, 200);
  assert.ok(shareOf(serve(100), 'unlucky') > 30);
});

test('who waits has its turn, however many clients come that never came before', () => {
  const { add, serve, charge } = house(() => 0.1);
  charge('busy', 2);
  add('busy', 1);
  let newcomers = 0;
  do {
    newcomers += 1;
    assert.ok(newcomers < 10_000);
    add(`newcomer ${newcomers}`, 2);
  } while (!serve(1).includes('busy'));
  assert.ok(newcomers > 1_000, 'but they go first for long');
});

test('where no time passes all are served', () => {
  const { add, serve } = house(() => 0);
  for (let at = 0; at < 10; at += 1) add(`192.0.2.${at % 3}`, 1);
  assert.equal(serve(100).length, 10);
});
