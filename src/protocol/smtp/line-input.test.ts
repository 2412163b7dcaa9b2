import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { LineInput } from './line-input.ts';

function readAll(chunks: readonly string[], limit: number, end: 'crlf' | 'lf'): string[] {
  const input = new LineInput(limit, end);
  const lines: string[] = [];
  for (const chunk of chunks) {
    input.push(Buffer.from(chunk, 'latin1'));
    for (let line = input.readLine(); line !== null; line = input.readLine())
      lines.push(line.kind === 'line' ? line.text : '(too long)');
    assert.ok(input.empty);
    assert.equal(input.unreadBytes, 0);
  }
  return lines;
}

const pieces = fc.array(
  fc
    .array(fc.constantFrom('\r\n', '\r', '\n', 'a', 'bb', 'cccccc', '\xff'), { maxLength: 8 })
    .map(parts => parts.join('')),
  { maxLength: 12 },
);

test('line input: lines do not depend on how the bytes are cut', () => {
  fc.assert(
    fc.property(pieces, fc.constantFrom('crlf' as const, 'lf' as const), (chunks, end) => {
      const whole = chunks.join('');
      const separator = end === 'crlf' ? '\r\n' : /\r?\n/;
      const expected = whole
        .split(separator)
        .slice(0, -1)
        .map(line => line);
      const limit = 12;
      const ends = end === 'crlf' ? 2 : 1;
      const got = readAll(chunks, limit, end);
      assert.equal(got.length, expected.length);
      for (const [i, line] of got.entries()) {
        const wanted = expected[i] ?? '';
        if (wanted.length + 2 <= limit) assert.equal(line, wanted);
        if (wanted.length + ends > limit) assert.equal(line, '(too long)');
      }
      assert.deepEqual(readAll(whole.split(''), limit, end), got);
    }),
    { numRuns: 500 },
  );
});

test('line input: the rest of a chunk can be read otherwise', () => {
  const input = new LineInput(100, 'crlf');
  input.push(Buffer.from('DATA\r\nbody'));
  input.push(Buffer.from('more'));
  assert.deepEqual(input.readLine(), { kind: 'line', text: 'DATA' });
  assert.equal(input.unreadBytes, 8);
  assert.equal(input.peek()?.start, 6);
  input.advance(10);
  assert.equal(input.peek()?.chunk.toString(), 'more');
  input.advance(4);
  assert.equal(input.peek(), null);
});
