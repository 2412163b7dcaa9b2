import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Heap } from './heap.ts';

type Entry = { readonly at: number; readonly order: number };

test('what is first by the order comes first, however it is added and taken', () => {
  const steps = fc.array(fc.option(fc.integer({ min: 0, max: 9 }), { freq: 3 }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, all => {
      const heap = new Heap<Entry>(
        (one, other) => one.at < other.at || (one.at === other.at && one.order < other.order),
      );
      let model: Entry[] = [];
      for (const [order, at] of all.entries()) {
        if (at === null) {
          const first = model.toSorted((one, other) => one.at - other.at || one.order - other.order)[0];
          model = model.filter(each => each !== first);
          assert.equal(heap.first, first);
          assert.equal(heap.take(), first);
        } else {
          const entry = { at, order };
          heap.add(entry);
          model.push(entry);
        }
      }
    }),
  );
});
