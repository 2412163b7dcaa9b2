import assert from 'node:assert/strict';
import test from 'node:test';
import { FairTurns } from './fair-turns.ts';

/** Does so many pieces, each of which costs so many ms, and tells whose they were. */
function serve(turns: FairTurns<string>, pieces: number, costs: (client: string) => number): string[] {
  const served: string[] = [];
  for (let next = turns.next(); next !== null && served.length < pieces; next = turns.next()) {
    served.push(next.client);
    turns.charge(next.client, costs(next.client));
  }
  return served;
}

const shareOf = (served: readonly string[], client: string): number =>
  served.filter(each => each === client).length;

test('one client is served in the order of what it said, and nothing is left', () => {
  const turns = new FairTurns<string>();
  for (const work of ['a', 'b', 'c']) turns.add('192.0.2.1', work);
  assert.equal(turns.size, 3);
  const works = [0, 1, 2].map(() => turns.next()?.work);
  assert.deepEqual(works, ['a', 'b', 'c']);
  assert.equal(turns.next(), null);
  assert.equal(turns.size, 0);
});

test('each client has as much time as the next, whatever it asks for', () => {
  const turns = new FairTurns<string>();
  for (let at = 0; at < 1_000; at += 1) {
    turns.add('many', 'cheap');
    turns.add('few', 'dear');
  }
  const served = serve(turns, 1_000, client => (client === 'few' ? 1 : 0.1));
  const ratio = (shareOf(served, 'many') * 0.1) / shareOf(served, 'few');
  assert.ok(ratio > 0.9 && ratio < 1.1, `${ratio}`);
});

test('who comes with little goes before all that wait with much', () => {
  const turns = new FairTurns<string>();
  for (let client = 0; client < 50; client += 1)
    for (let at = 0; at < 20; at += 1) turns.add(`busy ${client}`, 'work');
  serve(turns, 200, () => 0.3);
  turns.add('honest', 'work');
  assert.equal(turns.next()?.client, 'honest');
});

test('nobody is new with each piece: who comes back at once waits a round', () => {
  const turns = new FairTurns<string>();
  for (let client = 0; client < 10; client += 1)
    for (let at = 0; at < 100; at += 1) turns.add(`busy ${client}`, 'work');
  serve(turns, 50, () => 0.1);
  const served: string[] = [];
  let waits = false;
  for (let at = 0; at < 200; at += 1) {
    if (!waits && served.at(-1) !== 'again') {
      turns.add('again', 'work');
      waits = true;
    }
    const next = turns.next();
    if (next === null) break;
    served.push(next.client);
    if (next.client === 'again') waits = false;
    turns.charge(next.client, 0.1);
  }
  const share = shareOf(served, 'again') / served.length;
  assert.ok(share < 0.2, `${share}`);
});

test('a piece that took long by chance does not shut its client out', () => {
  const turns = new FairTurns<string>();
  for (let at = 0; at < 100; at += 1) {
    turns.add('unlucky', 'work');
    turns.add('other', 'work');
  }
  const served = serve(turns, 100, client => (client === 'unlucky' && turns.size > 190 ? 1_000 : 0.3));
  assert.ok(shareOf(served, 'unlucky') > 30, `${shareOf(served, 'unlucky')}`);
});

test('where no time passes all are served', () => {
  const turns = new FairTurns<string>();
  for (let at = 0; at < 10; at += 1) turns.add(`192.0.2.${at % 3}`, 'work');
  assert.equal(serve(turns, 100, () => 0).length, 10);
});
