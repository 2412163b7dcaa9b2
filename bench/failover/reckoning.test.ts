import assert from 'node:assert/strict';
import test from 'node:test';
import type { Passage } from '../../src/surface/demo/tally.ts';
import { delaysBySecond, reckonEffect, type Seen } from './reckoning.ts';

const [one, two] = ['198.51.100.30', '203.0.113.40'];
let messages = 0;

/** Accepted and started at these wall ms; the cut lasts from 10,000 to 20,000. */
function passage(acceptedAt: number, startedAt: number, source: string): Passage {
  messages += 1;
  return { messageId: `<${messages}@example.com>`, acceptedAt, startedAt, mailAt: startedAt + 1, source };
}

function seen(passages: readonly Passage[], queuedSince: readonly number[] = []): Seen {
  return { passages, queuedSince, endedAt: 60_000, cut: { at: 10_000, healedAt: 20_000 }, preferred: one };
}

const before = [1_000, 2_000, 3_000].map(at => passage(at, at + 5, one));

test('reckoning: what is late by more than a second is counted, and the cut’s own mail alone', () => {
  const effect = reckonEffect(
    seen([
      ...before,
      passage(11_000, 11_905, two),
      passage(12_000, 13_006, two),
      passage(21_000, 25_000, one),
    ]),
  );
  assert.deepEqual([effect.met, effect.lateOver1s, effect.usualMs], [2, 1, 5]);
  assert.deepEqual(effect.addedMs, { p50: 900, p99: 1_001, max: 1_001 });
});

test('reckoning: what is still queued counts with its age', () => {
  const effect = reckonEffect(seen([...before, passage(11_000, 11_005, two)], [15_000, 30_000]));
  assert.deepEqual([effect.met, effect.lateOver1s, effect.addedMs?.max], [2, 1, 44_995]);
});

test('reckoning: back is the first message accepted after the healing that left by the healed uplink', () => {
  const late = passage(19_000, 21_000, one);
  assert.equal(reckonEffect(seen([...before, late])).backMs, null);
  const returned = [passage(22_000, 22_005, two), passage(23_500, 23_505, one), passage(24_000, 24_005, one)];
  assert.equal(reckonEffect(seen([...before, late, ...returned])).backMs, 3_500);
});

test('reckoning: strayed is the share of sound times that left by the other uplink', () => {
  const strayedBefore = passage(4_000, 4_005, two);
  const inTheCut = passage(11_000, 11_005, two);
  const notYetBack = passage(21_000, 21_005, two);
  const back = [passage(23_000, 23_005, one), passage(24_000, 24_005, two)];
  const all = [...before, strayedBefore, inTheCut, notYetBack, ...back];
  assert.equal(reckonEffect(seen(all)).strayed, 2 / 6);
  assert.equal(reckonEffect(seen([inTheCut])).strayed, 0);
});

test('reckoning: each second of acceptance has its worst delay, in order', () => {
  const all = [passage(11_100, 12_400, two), passage(11_900, 12_000, two), passage(9_500, 9_505, one)];
  assert.deepEqual(delaysBySecond(seen(all, [12_500])), [
    [-1, 5],
    [1, 1_300],
    [2, 47_500],
  ]);
});
