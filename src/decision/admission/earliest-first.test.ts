import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { EarliestFirst } from './earliest-first.ts';

test('what is earliest comes first, of one time what came first, however it is added and taken', () => {
  const steps = fc.array(fc.option(fc.integer({ min: 0, max: 9 }), { freq: 3 }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, all => {
      const queue = new EarliestFirst<number>();
      let model: { at: number; item: number }[] = [];
      for (const [item, at] of all.entries()) {
        if (at === null) {
          const first = model.toSorted((one, other) => one.at - other.at || one.item - other.item)[0];
          model = model.filter(each => each !== first);
          assert.equal(queue.take(), first?.item);
        } else {
          queue.add(at, item);
          model.push({ at, item });
        }
      }
    }),
  );
});
