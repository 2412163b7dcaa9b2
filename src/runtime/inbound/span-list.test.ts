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

test('a body cut into single bytes is held in a few blocks', () => {
  const list = new SpanList();
  for (let index = 0; index < 65_536; index += 1) list.add(Buffer.from([index % 256]));
  const spans = list.take();
  assert.ok(spans.length <= 40, `${spans.length} spans`);
});
