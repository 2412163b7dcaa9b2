import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatMessageId, MessageIds, parseMessageId } from './message-id.ts';

const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

test('an ID and its number are two forms of one thing', () => {
  fc.assert(fc.property(whole, value => parseMessageId(formatMessageId(value)) === value));
});

test('IDs sort as their numbers do', () => {
  fc.assert(
    fc.property(whole, whole, (one, other) => formatMessageId(one) < formatMessageId(other) === one < other),
  );
});

test('any text is an ID of eleven characters, or none', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      const value = parseMessageId(text);
      return value === null || formatMessageId(value).length === 11;
    }),
  );
});

const written: [string, string, number | null][] = [
  ['the smallest ID', '00000000000', 0],
  ['the largest ID', '7ZZZZZZZZZZ', Number.MAX_SAFE_INTEGER],
  ['more than a row key holds', '80000000000', null],
  ['lower case', '0000000000z', 31],
  ['letters that people mistake for digits', 'OoIiLl00000', parseMessageId('00111100000')],
  ['a letter that is in no ID', '0000000000U', null],
  ['too short', '0000000000', null],
  ['an address', 'a@b.example', null],
];
for (const [sentence, text, value] of written) {
  test(`message ID: ${sentence}`, () => assert.equal(parseMessageId(text), value));
}

test('IDs rise whatever the clock does', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.double())), readings => {
      const ids = new MessageIds(null);
      const given = readings.map(now => ids.next(now));
      return given.every((id, place) => place === 0 || id > (given[place - 1] ?? ''));
    }),
  );
});

test('IDs go on from the last one after a restart with a clock that went back', () => {
  const before = new MessageIds(null).next(Date.UTC(2026, 5, 1));
  assert.equal(
    parseMessageId(new MessageIds(before).next(Date.UTC(2026, 0, 1))),
    (parseMessageId(before) ?? 0) + 1,
  );
});

test('an ID tells the millisecond in which it was given', () => {
  const at = Date.UTC(2026, 10, 24, 17, 0, 0, 123);
  const value = parseMessageId(new MessageIds(null).next(at)) ?? 0;
  assert.equal(Math.floor(value / 4096) + Date.UTC(2025, 0, 1), at);
});
