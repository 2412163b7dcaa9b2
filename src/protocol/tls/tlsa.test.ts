import assert from 'node:assert/strict';
import test from 'node:test';
import { namesHost } from './certificate-name.ts';
import { isUsable, matchesChain, parseTlsa } from './tlsa.ts';

const own = { keyDigest: 'a1', digest: 'a2', keyDigest512: 'a3', digest512: 'a4' };
const authority = { keyDigest: 'b1', digest: 'b2', keyDigest512: 'b3', digest512: 'b4' };

const matches: [string, string, boolean | null][] = [
  ['the key of the host', '3 1 1 a1', true],
  ['the certificate of the host', '3 0 1 A2', true],
  ['by SHA-512', '3 1 2 a3', true],
  ['the key of an authority is not that of the host', '3 1 1 b1', false],
  ['the key of an authority, as an anchor', '2 1 1 b1', true],
  ['the whole certificate', '3 0 0 3082', null],
];
for (const [sentence, text, expected] of matches)
  test(`TLSA: ${sentence}`, () => {
    const record = parseTlsa(text);
    assert.ok(record !== null);
    assert.equal(matchesChain(record, [own, authority]), expected);
  });

test('TLSA: what is no record, and what is none for mail', () => {
  assert.equal(parseTlsa('3 1 1'), null);
  assert.equal(parseTlsa('3 1 1 zz'), null);
  assert.deepEqual(
    ['0 1 1 aa', '1 1 1 aa', '2 0 1 aa', '3 1 1 aa', '3 2 1 aa', '3 1 3 aa'].map(text => {
      const record = parseTlsa(text);
      return record !== null && isUsable(record);
    }),
    [false, false, true, true, false, false],
  );
});

const names: [string, string, string, boolean][] = [
  ['itself, whatever its case', 'MX1.example.com', 'mx1.example.com', true],
  ['a wildcard stands for one label', '*.example.com', 'mx1.example.com', true],
  ['and not for two', '*.example.com', 'a.mx1.example.com', false],
  ['nor for none', '*.example.com', 'example.com', false],
  ['nor for a whole top level', '*.com', 'example.com', false],
  ['a part of a label is no wildcard', 'mx*.example.com', 'mx1.example.com', false],
];
for (const [sentence, name, host, expected] of names)
  test(`a certificate's name: ${sentence}`, () => assert.equal(namesHost(name, host), expected));
