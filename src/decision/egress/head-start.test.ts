import assert from 'node:assert/strict';
import test from 'node:test';
import { expectedReplyMs, headStartMs, probeWaitMs } from './head-start.ts';

const headStarts: [string, number | null, number][] = [
  ['nothing measured yet', null, 250],
  ['a near site is not hedged for jitter', 1, 100],
  ['one and a half times p95', 120, 180],
  ['a p95 just under 150 ms', 149, 223.5],
  ['a slow path waits longer than 250 ms', 300, 450],
  ['never longer than 3 s', 5_000, 3_000],
];
for (const [sentence, p95, expected] of headStarts) {
  test(`head start: ${sentence}`, () => assert.equal(headStartMs(p95), expected));
}

const probeWaits: [string, number | null, number | null, number][] = [
  ['nothing measured yet', null, null, 250],
  ['a near host', 2, 2, 150],
  ['a host that is far through the other egress too', 20, 300, 600],
  ['a path that is usually slow', 300, 80, 450],
  ['never longer than 3 s', 4_000, null, 3_000],
];
for (const [sentence, p95, elsewhere, expected] of probeWaits) {
  test(`patience with a suspect: ${sentence}`, () => assert.equal(probeWaitMs(p95, elsewhere), expected));
}

const replies: [string, number | null, number][] = [
  ['nothing measured yet', null, 1_000],
  ['a quick site', 2, 150],
  ['a site that takes its time', 400, 700],
  ['a tarpit', 6_000, 9_100],
  ['never longer than 10 s', 60_000, 10_000],
];
for (const [sentence, p95, expected] of replies) {
  test(`expected reply: ${sentence}`, () => assert.equal(expectedReplyMs(p95), expected));
}
