import assert from 'node:assert/strict';
import test from 'node:test';
import { FindingChanges } from './changes.ts';
import type { Finding, FindingLevel } from './finding.ts';

const finding = (id: string, level: FindingLevel = 'error'): Finding => ({
  id,
  level,
  subject: { kind: 'domain', name: 'example.com' },
  message: '',
  evidence: [],
  reference: '',
  fix: null,
});

/** Each run by the IDs that it found, `?` before those that it could not judge; what was told in each. */
const rows: [string, string[], string[]][] = [
  ['the first run tells nothing', ['A'], ['']],
  ['what comes is told when it is seen twice', ['', 'A', 'A'], ['', '', 'new A']],
  ['what flickers once is not told', ['', 'A', '', ''], ['', '', '', '']],
  ['two of three are enough', ['', 'A', '', 'A'], ['', '', '', 'new A']],
  ['what goes is told when it is missing twice', ['A', '', ''], ['', '', 'gone A']],
  ['what goes once is not told', ['A', '', 'A'], ['', '', '']],
  ['what could not be judged has not gone', ['A', '?A', '?A', '?A'], ['', '', '', '']],
  ['what is only explained is not told', ['', 'iA', 'iA'], ['', '', '']],
];
for (const [sentence, runs, expected] of rows)
  test(`watching: ${sentence}`, () => {
    const changes = new FindingChanges();
    const told = runs.map(run => {
      const findings = run.split(' ').flatMap(word => {
        if (word === '') return [];
        if (word.startsWith('?')) return [finding(word.slice(1), 'skip')];
        return word.startsWith('i') ? [finding(word.slice(1), 'info')] : [finding(word)];
      });
      return changes
        .next(findings)
        .map(({ change, finding: { id } }) => `${change} ${id}`)
        .join(', ');
    });
    assert.deepEqual(told, expected);
  });
