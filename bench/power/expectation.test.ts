import assert from 'node:assert/strict';
import test from 'node:test';
import type { Letter } from '../../lab/loopback/letters.ts';
import type { Step } from './disk-act.ts';
import { Ledger } from './expectation.ts';

const letter = (id: string, forwardPaths: readonly string[]): Letter => ({
  id,
  sizeBytes: 3,
  digest: `digest of ${id}`,
  forwardPaths,
});
const say = (text: string, at: number): Step => ({ edge: 'begin', act: { kind: 'say', text }, at });
const idle = (at: number): Step => ({ edge: 'end', act: { kind: 'sync', path: '' }, at });

test('owed is what was acknowledged before the cut, to those who had not had it by then', () => {
  const steps = [
    idle(10),
    say('250 2.0.0 Queued as A.\r\n', 20),
    idle(30),
    say('250 2.0.0 Queued as B.\r\n', 40),
  ];
  const arrivals = [{ at: 25, sizeBytes: 3, digest: 'digest of A', forwardPaths: ['one@example.net'] }];
  const letters = [letter('B', ['three@example.net']), letter('A', ['one@example.net', 'two@example.org'])];
  const ledger = new Ledger(steps, letters, arrivals);
  const after = (cut: number): string[] =>
    ledger.owedAfter(cut).owed.map(owed => `${owed.letter.id}: ${owed.forwardPaths.join(' ')}`);
  assert.deepEqual(after(1), []);
  assert.deepEqual(after(2), ['A: one@example.net two@example.org']);
  assert.deepEqual(after(3), ['A: two@example.org']);
  assert.deepEqual(after(4), ['A: two@example.org', 'B: three@example.net']);
});

test('a 250 that the trace does not hold is an error of the recording', () => {
  assert.throws(() => new Ledger([], [letter('A', [])], []), /does not hold the 250 for A/);
});
