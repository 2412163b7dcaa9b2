import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SpanList } from './span-list.ts';

test('bytes come out in their order, however they were cut', () => {
  const spans = fc.array(fc.uint8Array({ maxLength: 1_500 }), { maxLength: 40 });
  fc.assert(
    fc.property(spans, arrays => {
      const list = new SpanList();
      const given = arrays.map(array => Buffer.from(array));
      for (const span of given) list.add(span);
      const whole = Buffer.concat(given);
      assert.equal(list.sizeBytes, whole.length);
      assert.ok(Buffer.concat(list.take()).equals(whole));
      assert.equal(list.sizeBytes, 0);
      assert.deepEqual(list.take(), []);
    }),
  );
});

test('a large span is kept as it is; small ones do not hold the buffers that they came in', () => {
  const list = new SpanList();
  const large = Buffer.alloc(4_000, 'x');
  const arrived = Buffer.alloc(65_536, 'y');
  list.add(arrived.subarray(0, 10));
  list.add(large);
  list.add(arrived.subarray(10, 20));
  const spans = list.take();
  assert.equal(spans[1], large);
  assert.ok(spans.every(span => span.buffer !== arrived.buffer));
});

test('what is held goes with its bytes, whatever came in the same buffers', () => {
  for (const size of [100, 500, 576, 1_100, 3_000, 20_000]) {
    const list = new SpanList();
    // Of each buffer one span, and the rest is nobody's.
    for (let count = 0; count < 100; count += 1) list.add(Buffer.alloc(65_536).subarray(0, size));
    const { sizeBytes } = list;
    const buffers = new Set(list.take().map(span => span.buffer));
    const held = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
    assert.ok(held <= 2 * sizeBytes, `${held} bytes are held for ${sizeBytes} in spans of ${size}`);
  }
});

test('a body cut into single bytes is held in a few blocks', () => {
  const list = new SpanList();
  for (let index = 0; index < 65_536; index += 1) list.add(Buffer.from([index % 256]));
  const spans = list.take();
  assert.ok(spans.length <= 40, `${spans.length} spans`);
});
