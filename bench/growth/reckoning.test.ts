import assert from 'node:assert/strict';
import test from 'node:test';
import { pointsOf } from './reckoning.ts';

test('growth: each round is compared with its own standard', () => {
  const growth = {
    senders: [
      { at: 1, perS: [500, 100] },
      { at: 20, perS: [1_000, 500] },
      { at: 100, perS: [900, 400] },
    ],
    queue: [],
    destinations: [],
  };
  assert.deepEqual(pointsOf('senders', growth), [
    { at: 1, perS: 300, ratio: 0.35, isFlat: false },
    { at: 20, perS: 750, ratio: 1, isFlat: true },
    { at: 100, perS: 650, ratio: 0.8500000000000001, isFlat: true },
  ]);
});
