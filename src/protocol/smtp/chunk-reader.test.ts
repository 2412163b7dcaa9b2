import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ChunkReader } from './chunk-reader.ts';

type Read = { readonly body: string; readonly bare: boolean; readonly sizeBytes: number };

function readAll(pieces: readonly string[], bareNewline: 'refuse' | 'clean'): Read {
  let body = '';
  const reader = new ChunkReader(bareNewline, (chunk, start, end) => {
    assert.ok(end > start, 'no empty spans');
    body += chunk.toString('latin1', start, end);
  });
  for (const piece of pieces) {
    const chunk = Buffer.from(`--${piece}--`, 'latin1');
    reader.read(chunk, 2, chunk.length - 2);
  }
  reader.end();
  return { body, bare: reader.bareNewlineSeen, sizeBytes: reader.sizeBytes };
}

const bodies: [string, string, string, boolean][] = [
  ['nothing', '', '', false],
  ['lines', 'a\r\nb\r\n', 'a\r\nb\r\n', false],
  ['a last line without its end', 'a\r\nb', 'a\r\nb\r\n', false],
  ['dots are left', '.\r\n..\r\n.\r\n', '.\r\n..\r\n.\r\n', false],
  ['NUL and 8-bit octets', '\0\xff\r\n', '\0\xff\r\n', false],
  ['a bare LF', 'a\nb', 'a\r\nb\r\n', true],
  ['a bare CR', 'a\rb', 'a\r\nb\r\n', true],
  ['a bare CR at the end', 'a\r', 'a\r\n', true],
  ['a bare LF first', '\na', '\r\na\r\n', true],
  ['two CR and an LF', 'a\r\r\nb', 'a\r\n\r\nb\r\n', true],
  ['LF and CR', 'a\n\rb', 'a\r\n\r\nb\r\n', true],
];
for (const [sentence, text, cleaned, bare] of bodies) {
  test(`chunks: ${sentence}, cut anywhere`, () => {
    for (let cut = 0; cut <= text.length; cut += 1) {
      const pieces = [text.slice(0, cut), text.slice(cut)];
      const read = readAll(pieces, 'clean');
      assert.deepEqual(read, { body: cleaned, bare, sizeBytes: cleaned.length });
      const strict = readAll(pieces, 'refuse');
      assert.equal(strict.bare, bare);
      if (!bare) assert.equal(strict.body, cleaned);
    }
  });
}

const octets = fc.array(fc.constantFrom('\r', '\n', '\r\n', 'a', '.', '\0', 'text '), { maxLength: 40 });

test('chunks: however the octets are cut, the body is the same, its lines end with CRLF, and none is bare', () => {
  fc.assert(
    fc.property(octets, fc.array(fc.nat(80), { maxLength: 8 }), (parts, cuts) => {
      const text = parts.join('');
      const places = [...cuts.map(cut => Math.min(cut, text.length)).toSorted((a, b) => a - b), text.length];
      const pieces = places.map((end, index) => text.slice(places[index - 1] ?? 0, end));
      const whole = readAll([text], 'clean');
      assert.deepEqual(readAll(pieces, 'clean'), whole);
      assert.ok(!/\r(?!\n)|(?<!\r)\n/.test(whole.body));
      assert.ok(whole.body === '' || whole.body.endsWith('\r\n'));
      assert.equal(whole.bare, /\r(?!\n)|(?<!\r)\n/.test(text));
      assert.equal(readAll(pieces, 'refuse').bare, whole.bare);
    }),
    { numRuns: 1_000 },
  );
});
