import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineDiff } from './line-diff.ts';

const rows: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['nothing differs', 'a\nb\n', 'a\nb\n', []],
  ['a line more', 'a\nc\n', 'a\nb\nc\n', ['+b']],
  ['a line less', 'a\nb\nc\n', 'a\nc\n', ['-b']],
  ['a line changed', 'a\nb\nc\n', 'a\nx\nc\n', ['-b', '+x']],
  ['a line moved', 'a\nb\nc\n', 'b\nc\na\n', ['-a', '+a']],
];

for (const [sentence, one, other, lines] of rows)
  test(`what differs: ${sentence}`, () => assert.deepEqual(lineDiff(one, other), lines));

test('files that are too long are only said to differ', () => {
  const long = 'a\n'.repeat(3_000);
  assert.deepEqual(lineDiff(long, long), []);
  assert.match(lineDiff(long, `${long}b\n`).join(), /too long/);
});
