import assert from 'node:assert/strict';
import test from 'node:test';
import { median, ratios } from './median.ts';

const medians: [string, readonly number[], number][] = [
  ['of an odd number it is the middle one, whatever their order', [30, 10, 20], 20],
  ['of an even number it lies between the two in the middle', [40, 10, 20, 30], 25],
  ['numbers are ordered as numbers', [9, 10, 100], 10],
];
for (const [sentence, numbers, expected] of medians)
  test(`median: ${sentence}`, () => assert.equal(median(numbers), expected));

test('median: of none there is none', () => assert.ok(Number.isNaN(median([]))));

test('ratios: each round has its own, and one without both has none', () => {
  const pairs = [
    [10, 5],
    [undefined, 5],
    [12, undefined],
    [9, 3],
    [1, 0],
  ] as const;
  assert.deepEqual(ratios(pairs), [2, 3]);
});
