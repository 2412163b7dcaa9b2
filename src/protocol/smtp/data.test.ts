import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DotReader, DotStuffer } from './data.ts';

/** Bytes of which most are about line ends and dots. */
const awkward = fc
  .array(fc.constantFrom('\r\n', '\r', '\n', '.', '\r\n.', '\r\n..', 'a', '\0', '\xff', 'some text'), {
    maxLength: 40,
  })
  .map(parts => parts.join(''));
/** As awkward, but line ends are CRLF. */
const awkwardLines = fc
  .array(fc.constantFrom('', '.', '..', '.a', 'a', '...', 'a.', '\0', '\xff', 'some text'), { maxLength: 20 })
  .map(lines => lines.map(line => `${line}\r\n`).join(''));
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 10 });

/** Cuts text into buffers of the given sizes, over and over. */
function cut(text: string, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < text.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    chunks.push(Buffer.from(text.slice(at, at + length), 'latin1'));
    at += length;
  }
  return chunks;
}

type Read = { body: string; rest: string | null; bare: boolean; size: number };

function read(chunks: readonly Buffer[], bareNewline: 'refuse' | 'clean'): Read {
  let body = '';
  const reader = new DotReader(bareNewline, (chunk, start, end) => {
    body += chunk.toString('latin1', start, end);
  });
  for (const [i, chunk] of chunks.entries()) {
    const end = reader.read(chunk, 0);
    if (end < 0) continue;
    const rest = Buffer.concat([chunk.subarray(end), ...chunks.slice(i + 1)]).toString('latin1');
    return { body, rest, bare: reader.bareNewlineSeen, size: reader.sizeBytes };
  }
  return { body, rest: null, bare: reader.bareNewlineSeen, size: reader.sizeBytes };
}

/** The rules of RFC 5321 section 4.5.2 in their plainest form: what our reader must agree with. */
function readPlainly(wire: string, bareNewline: 'refuse' | 'clean'): Read {
  const end = `\r\n${wire}`.indexOf('\r\n.\r\n');
  const content = end < 0 ? wire : wire.slice(0, end);
  const lines = content.split('\r\n');
  const raw = lines.map(line => (line.startsWith('.') ? line.slice(1) : line)).join('\r\n');
  return {
    body: bareNewline === 'clean' ? raw.replace(/\r\n|\r|\n/g, '\r\n') : raw,
    rest: end < 0 ? null : wire.slice(end + 3),
    bare: lines.some(line => /[\r\n]/.test(line)),
    size: 0,
  };
}

test('data: read as the RFC’s rules in their plainest form say, however it is cut', () => {
  fc.assert(
    fc.property(awkward, awkward, sizes, (wire, rest, lengths) => {
      const whole = `${wire}\r\n.\r\n${rest}`;
      for (const bareNewline of ['refuse', 'clean'] as const) {
        const got = read(cut(whole, lengths), bareNewline);
        const expected = readPlainly(whole, bareNewline);
        assert.equal(got.rest, expected.rest);
        assert.equal(got.bare, expected.bare);
        if (bareNewline === 'refuse' && expected.bare) continue;
        assert.equal(got.body, expected.body);
        assert.equal(got.size, expected.body.length);
        assert.ok(!/\r(?!\n)|(?<!\r)\n/.test(got.body));
      }
    }),
    { numRuns: 500 },
  );
});

test('data: stuffed and read again, a body is what it was, and what follows it is left alone', () => {
  fc.assert(
    fc.property(awkwardLines, sizes, sizes, (body, outgoing, incoming) => {
      const stuffer = new DotStuffer();
      const spans = cut(body, outgoing).flatMap(chunk => stuffer.stuff(chunk));
      const wire = `${Buffer.concat([...spans, ...stuffer.end()]).toString('latin1')}.\r\nQUIT\r\n`;
      const { size, ...got } = read(cut(wire, incoming), 'refuse');
      assert.deepEqual(got, { body, rest: 'QUIT\r\n', bare: false });
      assert.equal(size, body.length);
    }),
    { numRuns: 500 },
  );
});

test('data: a body without its last line end is given one', () => {
  for (const [body, end] of [
    ['a', '\r\n'],
    ['a\r', '\n'],
    ['a\r\n', ''],
    ['\n', '\r\n'],
    ['', ''],
  ] as const) {
    const stuffer = new DotStuffer();
    stuffer.stuff(Buffer.from(body));
    assert.equal(Buffer.concat(stuffer.end()).toString(), end);
  }
});

test('data: plain text passes as one span of the chunk itself', () => {
  const chunk = Buffer.from('some text\r\n'.repeat(1_000));
  const spans: [Buffer, number, number][] = [];
  const reader = new DotReader('refuse', (...span) => spans.push(span));
  assert.equal(reader.read(chunk, 0), -1);
  assert.equal(spans.length, 1);
  assert.equal(spans[0]?.[0], chunk);
  assert.deepEqual(new DotStuffer().stuff(chunk), [chunk]);
});
