import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import {
  readResults,
  stillToRun,
  type TrialKey,
  type TrialResult,
  withResult,
  writeResults,
} from './results.ts';

const blackHole: TrialKey = { cut: 'black-hole', system: 'postern', perS: 20, cutS: 330 };

function result(key: Partial<TrialKey>, accepted = 0): TrialResult {
  return {
    ...blackHole,
    ...key,
    startedAt: '2026-01-01T00:00:00.000Z',
    accepted,
    met: 0,
    lateOver1s: 0,
    addedMs: null,
    backMs: null,
    strayed: 0,
    usualMs: 0,
    lost: 0,
    stillQueued: 0,
    duplicates: 0,
    doubted: null,
    wrongNames: 0,
    machine: { busy: 0, load: 0 },
    on: 'a machine',
    seconds: [],
  };
}

test('results: a trial that has one is not run again; another load, length, cut or system is', () => {
  const wanted: TrialKey[] = [
    blackHole,
    { ...blackHole, perS: 1 },
    { ...blackHole, cutS: 30 },
    { ...blackHole, cut: 'lossy' },
    { ...blackHole, system: 'usual' },
  ];
  assert.deepEqual(stillToRun(wanted, [result({})]), wanted.slice(1));
});

test('results: another run of a trial takes the place of the first', () => {
  const results = withResult([result({}, 1), result({ perS: 1 }, 2)], result({}, 3));
  assert.deepEqual(
    results.map(({ accepted }) => accepted),
    [2, 3],
  );
});

test('results: what is written is read, and a missing file holds none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-results-'));
  try {
    const file = join(folder, 'failover.jsonl');
    assert.deepEqual(await readResults(file), []);
    const results = [result({}, 1), result({ perS: 1 }, 2)];
    await writeResults(file, results);
    assert.deepEqual(await readResults(file), results);
  } finally {
    await rm(folder, { recursive: true });
  }
});
