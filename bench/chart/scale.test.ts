import assert from 'node:assert/strict';
import test from 'node:test';
import { apart, decades, linearScale, logScale } from './scale.ts';

test('scale: even steps stay even', () => {
  const x = linearScale(-20, 80, 100, 300);
  assert.deepEqual([-20, 30, 80].map(x), [100, 200, 300]);
});

test('scale: each decade takes the same room, and what lies outside stands at the nearer end', () => {
  const y = logScale(10, 10_000, 300, 0);
  const places = [10, 100, 1_000, 10_000, 0, -5, 1e9].map(y);
  assert.deepEqual(
    places.map(place => Math.round(place)),
    [300, 200, 100, 0, 300, 300, 0],
  );
});

test('scale: decades lie between the ends, which count where they are such', () => {
  assert.deepEqual(decades(10, 1_000), [10, 100, 1_000]);
  assert.deepEqual(decades(3, 200), [10, 100]);
});

const rows: [string, readonly number[], readonly number[]][] = [
  ['far from each other they stay', [10, 50, 90], [10, 50, 90]],
  ['two at one place part evenly', [50, 50], [45, 55]],
  ['the order of the wanted is kept, whatever it was', [52, 48], [55, 45]],
  ['a pushed one pushes the next', [50, 50, 58], [42.666, 52.666, 62.666]],
  ['none goes below the end', [98, 99], [90, 100]],
];
for (const [sentence, wanted, expected] of rows)
  test(`labels: ${sentence}`, () => {
    const placed = apart(wanted, 10, 100);
    for (const [at, place] of placed.entries())
      assert.ok(Math.abs(place - (expected[at] ?? 0)) < 0.01, placed.join());
  });
