import assert from 'node:assert/strict';
import test from 'node:test';
import { withParents } from './with-parents.ts';

const rows: [string, string, readonly string[]][] = [
  ['the nearest comes first', 'a.b.example', ['a.b.example', 'b.example']],
  ['a last label has no records of its own', 'example', []],
  [
    'eight are enough',
    'a.b.c.d.e.f.g.h.i.example',
    [
      'a.b.c.d.e.f.g.h.i.example',
      'b.c.d.e.f.g.h.i.example',
      'c.d.e.f.g.h.i.example',
      'd.e.f.g.h.i.example',
      'e.f.g.h.i.example',
      'f.g.h.i.example',
      'g.h.i.example',
      'h.i.example',
    ],
  ],
];
for (const [sentence, name, names] of rows) {
  test(`a name and those above it: ${sentence}`, () => assert.deepEqual(withParents(name), names));
}
