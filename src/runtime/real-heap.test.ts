import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growingPercent } from './real-heap.ts';

const mib = 2 ** 20;

for (const [live, percent, why] of [
  [24 * mib, 200, 'a gateway at work: 48 MiB'],
  [192 * mib, 25, 'thousands of clients: the same 48 MiB'],
  [4 * mib, 300, 'no heap grows more than fourfold'],
  [0, 300, 'nothing lives yet'],
  [1024 * mib, 20, 'a very large one by a fifth, for marking it takes long'],
] as const)
  test(`of a heap of which ${live / mib} MiB live, ${percent} % more may gather: ${why}`, () => {
    assert.equal(growingPercent(live), percent);
  });
