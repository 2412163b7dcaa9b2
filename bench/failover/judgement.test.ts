import assert from 'node:assert/strict';
import test from 'node:test';
import { judge } from './judgement.ts';
import type { TrialResult } from './results.ts';

/** A trial of one cut in which nothing went wrong, with this greatest delay in ms, which is its p99 too. */
function trial(system: TrialResult['system'], maxMs: number, more: Partial<TrialResult> = {}): TrialResult {
  return {
    cut: 'black-hole',
    system,
    perS: 20,
    cutS: 330,
    startedAt: '2026-01-01T00:00:00.000Z',
    accepted: 7_000,
    met: 6_600,
    lateOver1s: 0,
    addedMs: { p50: 0, p99: maxMs, max: maxMs },
    backMs: 11_000,
    strayed: 0,
    usualMs: 1,
    lost: 0,
    stillQueued: 0,
    duplicates: 0,
    doubted: 0,
    wrongNames: 0,
    machine: { busy: 0.5, load: 1 },
    on: 'a machine',
    seconds: [],
    ...more,
  };
}

const rows: [string, readonly TrialResult[], readonly boolean[]][] = [
  ['no results show nothing', [], [false, false, false, false]],
  [
    'all that was asked for',
    [trial('postern', 250), trial('watched', 9_999), trial('opensmtpd', 300)],
    [true, true, true, true],
  ],
  [
    'a slow gateway',
    [trial('postern', 501), trial('watched', 0), trial('opensmtpd', 600)],
    [false, true, true, true],
  ],
  [
    'a quicker peer',
    [trial('postern', 250), trial('watched', 0), trial('opensmtpd', 200)],
    [true, false, true, true],
  ],
  [
    'both are quick',
    [trial('postern', 99), trial('watched', 0), trial('opensmtpd', 20)],
    [true, true, true, true],
  ],
  [
    'a peer of another load is no match',
    [trial('postern', 99), trial('watched', 0), trial('opensmtpd', 900, { perS: 1 })],
    [true, false, true, true],
  ],
  [
    'a slow watch',
    [trial('postern', 9), trial('watched', 10_000), trial('opensmtpd', 20)],
    [true, true, false, true],
  ],
  [
    'what came twice, or not at all',
    [trial('postern', 9, { duplicates: 1 }), trial('watched', 0, { lost: 1 }), trial('opensmtpd', 20)],
    [true, true, true, false],
  ],
];
for (const [sentence, results, met] of rows)
  test(`judgement: ${sentence}`, () =>
    assert.deepEqual(
      judge(results).map(({ isMet }) => isMet),
      met,
    ));
