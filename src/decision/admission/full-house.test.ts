import assert from 'node:assert/strict';
import test from 'node:test';
import {
  byPlaceToGive,
  type Guest,
  Liveliness,
  mayTake,
  type Newcomer,
  placesForStrangers,
} from './full-house.ts';

test('a client is quiet when it says next to nothing for ten seconds', () => {
  const client = new Liveliness(1_000);
  assert.equal(client.quietSince(10_999), null, 'too new to tell');
  assert.equal(client.quietSince(11_000), 1_000);
  client.heard(255);
  assert.equal(client.quietSince(12_000), 1_000, 'a byte now and then is not speech');
  client.heard(1);
  assert.equal(client.quietSince(12_000), null);
  assert.equal(client.quietSince(22_000), 12_000, 'what it said before counts no more');
});

const guest = (ours: boolean, ofItsClient: number, quietSince: number | null): Guest => ({
  ours,
  ofItsClient,
  quietSince,
});

test('strangers go first, then who holds most, then who is quiet the longest', () => {
  const inOrder = [
    guest(false, 9, 50),
    guest(false, 9, null),
    guest(false, 1, 10),
    guest(false, 1, 20),
    guest(true, 30, 0),
  ];
  assert.deepEqual(inOrder.toReversed().sort(byPlaceToGive), inOrder);
});

const takings: [string, Newcomer, Guest, boolean][] = [
  ['a quiet place of who holds as much', { ours: false, ofItsClient: 3 }, guest(false, 3, 0), true],
  ['a quiet place of who holds less', { ours: false, ofItsClient: 3 }, guest(false, 2, 0), false],
  [
    'a lively place of who would still hold as much',
    { ours: false, ofItsClient: 3 },
    guest(false, 5, null),
    true,
  ],
  [
    'a lively place of who would then hold less',
    { ours: false, ofItsClient: 3 },
    guest(false, 4, null),
    false,
  ],
  ['a place of our own, for a stranger', { ours: false, ofItsClient: 0 }, guest(true, 50, 0), false],
  ['a place of our own, for our own', { ours: true, ofItsClient: 0 }, guest(true, 50, 0), true],
];
for (const [what, newcomer, place, taken] of takings)
  test(`${what} is ${taken ? 'taken' : 'left'}`, () => assert.equal(mayTake(newcomer, place), taken));

test('a tenth of the places is for our own networks', () => {
  assert.deepEqual([2_000, 19, 9, 1].map(placesForStrangers), [1_800, 18, 9, 1]);
});
