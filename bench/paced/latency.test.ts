import assert from 'node:assert/strict';
import test from 'node:test';
import { latencyOf } from './latency.ts';

test('latency: the first moments do not count, what never arrived is told, and early is 0', () => {
  const all = [
    { dueAt: 1_000, acceptedAt: 1_900, deliveredAt: 5_000 },
    { dueAt: 2_000, acceptedAt: 2_003, deliveredAt: 2_010 },
    { dueAt: 2_001, acceptedAt: 2_006, deliveredAt: 2_005 },
    { dueAt: 2_002, acceptedAt: 2_004, deliveredAt: null },
  ];
  assert.deepEqual(latencyOf(all, 500), {
    messages: 3,
    undelivered: 1,
    acceptToDeliver: { p50: 0, p99: 7, max: 7 },
    dueToAccept: { p50: 3, p99: 5, max: 5 },
  });
});
