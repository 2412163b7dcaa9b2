import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { messageDate, parseMessageDate } from './date.ts';

test('a date that is written is read as it was', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), seconds => {
      assert.equal(parseMessageDate(messageDate(seconds * 1000)), seconds * 1000);
    }),
  );
});

const rows: [string, string, number | null][] = [
  ['another zone', 'Tue, 24 Nov 2026 18:05:09 +0100', Date.UTC(2026, 10, 24, 17, 5, 9)],
  ['a zone west of Greenwich', '24 Nov 2026 12:35:09 -0430', Date.UTC(2026, 10, 24, 17, 5, 9)],
  ['a leap day', 'Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
  ['no date', 'yesterday', null],
  ['no month', '1 Foo 2026 00:00:00 +0000', null],
];
for (const [sentence, text, at] of rows)
  test(`a date: ${sentence}`, () => assert.equal(parseMessageDate(text), at));
