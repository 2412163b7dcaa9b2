import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedMap } from './bounded-map.ts';

test('what was put longest ago makes room, and what is put again is new', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('one', 1).set('two', 2).set('one', 11).set('three', 3);
  assert.deepEqual(
    [...map],
    [
      ['one', 11],
      ['three', 3],
    ],
  );
});
