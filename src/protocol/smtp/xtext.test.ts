import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeXtext, encodeXtext } from './xtext.ts';

const texts: [string, string | null][] = [
  ['', ''],
  ['QQ314159', 'QQ314159'],
  ['Bob+2Bx@b.example', 'Bob+x@b.example'],
  ['a+3Db', 'a=b'],
  ['a+20b', 'a b'],
  ['a+2bb', null],
  ['a+2', null],
  ['a+', null],
  ['a=b', null],
  ['a b', null],
  ['a\xfcb', null],
];
for (const [written, meant] of texts)
  test(`xtext: ${JSON.stringify(written)} is ${JSON.stringify(meant)}`, () =>
    assert.equal(decodeXtext(written), meant));

test('xtext: what is written is read again, and holds no space, = or line end', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      const written = encodeXtext(text);
      assert.match(written, /^[!-<>-~]*$/);
      assert.equal(Buffer.from(decodeXtext(written) ?? '', 'latin1').toString('utf8'), text);
    }),
  );
});
