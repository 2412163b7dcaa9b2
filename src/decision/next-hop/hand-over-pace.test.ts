import assert from 'node:assert/strict';
import test from 'node:test';
import { firstPace, type HandOverPace, type HandOverSecond, nextPace } from './hand-over-pace.ts';

const rows: [string, HandOverPace, HandOverSecond, HandOverPace][] = [
  [
    'quick deliveries double it',
    firstPace,
    { delivered: 50, failed: 0, meanMs: 40 },
    { perSecond: 100, underWay: 10 },
  ],
  ['a second without answers changes nothing', firstPace, { delivered: 0, failed: 0, meanMs: 0 }, firstPace],
  ['deliveries that take 3 s keep it', firstPace, { delivered: 5, failed: 0, meanMs: 3_000 }, firstPace],
  [
    'deliveries that take 6 s halve it',
    firstPace,
    { delivered: 5, failed: 0, meanMs: 6_000 },
    { perSecond: 25, underWay: 2 },
  ],
  [
    'a full mailbox among twenty slows nobody',
    firstPace,
    { delivered: 19, failed: 1, meanMs: 40 },
    { perSecond: 100, underWay: 10 },
  ],
  [
    'a primary that puts off everything sees half',
    firstPace,
    { delivered: 0, failed: 50, meanMs: 0 },
    { perSecond: 25, underWay: 2 },
  ],
  [
    'and never less than one a second',
    { perSecond: 1, underWay: 1 },
    { delivered: 0, failed: 1, meanMs: 0 },
    { perSecond: 1, underWay: 1 },
  ],
  [
    'there is a fastest',
    { perSecond: 3_000, underWay: 300 },
    { delivered: 3_000, failed: 0, meanMs: 10 },
    { perSecond: 3_200, underWay: 320 },
  ],
];
for (const [sentence, pace, seen, expected] of rows)
  test(`pace of a hand-over: ${sentence}`, () => assert.deepEqual(nextPace(pace, seen), expected));
