import assert from 'node:assert/strict';
import test from 'node:test';
import { nextAttemptAt } from './schedule.ts';

const waits: [string, number, number, number][] = [
  ['the first retry comes after five minutes', 1, 0.5, 5],
  ['the second waits twice as long', 2, 0.5, 10],
  ['the third twice that', 3, 0.5, 20],
  ['the fourth', 4, 0.5, 40],
  ['the fifth', 5, 0.5, 80],
  ['from the sixth it is every two hours', 6, 0.5, 120],
  ['the thousandth too', 1_000, 0.5, 120],
  ['none counted waits like one', 0, 0.5, 5],
  ['chance makes a wait shorter by a fifth', 1, 0, 4],
  ['or nearly a fifth longer', 1, 0.75, 5.5],
];
for (const [sentence, attempts, random01, minutes] of waits) {
  test(`schedule: ${sentence}`, () => {
    assert.equal(nextAttemptAt({ attempts, now: 1_000, random01 }), 1_000 + minutes * 60_000);
  });
}
