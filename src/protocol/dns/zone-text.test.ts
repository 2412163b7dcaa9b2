import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { quotedStrings, zoneLine } from './zone-text.ts';

const rows: [string, string, string, string][] = [
  ['an address', 'A', '198.51.100.30', 'mail.example.com. 3600 IN A 198.51.100.30'],
  ['a text is quoted', 'TXT', 'v=spf1 -all', 'mail.example.com. 3600 IN TXT "v=spf1 -all"'],
  ['quotes and backslashes are escaped', 'TXT', 'a"b\\c', 'mail.example.com. 3600 IN TXT "a\\"b\\\\c"'],
  ['bytes beyond ASCII are escaped in decimal', 'TXT', '\xe9', 'mail.example.com. 3600 IN TXT "\\233"'],
  ['an empty text is one empty string', 'TXT', '', 'mail.example.com. 3600 IN TXT ""'],
];
for (const [sentence, type, data, line] of rows)
  test(`zone text: ${sentence}`, () =>
    assert.equal(zoneLine({ name: 'mail.example.com', ttlS: 3600, type, data }), line));

test('zone text: a long text is split at 255 bytes, and its strings make it whole again', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '\xff'), maxLength: 900 }), text => {
      const strings = [...quotedStrings(text).matchAll(/"((?:[^"\\]|\\\d{3}|\\["\\])*)"/g)].map(
        ([, inner = '']) =>
          inner.replace(/\\(\d{3}|["\\])/g, (_all, code: string) =>
            code.length === 3 ? String.fromCharCode(Number(code)) : code,
          ),
      );
      assert.ok(strings.every(string => string.length <= 255));
      assert.equal(strings.join(''), text);
    }),
  );
});
