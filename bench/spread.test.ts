import assert from 'node:assert/strict';
import test from 'node:test';
import { spread } from './spread.ts';

test('spread: p99 of a hundred leaves out the worst, and the order does not matter', () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  assert.deepEqual(spread(values), { p50: 50, p99: 99, max: 100 });
});
