import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { canonicalName, hostName, ownerName } from './names.ts';

const rows: [string, string, string | null, string | null][] = [
  ['case and the final dot do not matter', 'MX1.Example.COM.', 'mx1.example.com', 'mx1.example.com'],
  ['a service name', '_25._tcp.mx1.example.com', '_25._tcp.mx1.example.com', '_25._tcp.mx1.example.com'],
  ['an address written as text is a name but no host', '192.0.2.1', '192.0.2.1', null],
  ['an empty label', 'a..example', null, null],
  ['the root', '.', null, null],
  ['nothing', '', null, null],
  ['a hyphen in front', '-a.example', null, null],
  ['a blank', 'a b.example', null, null],
  ['not ASCII', 'bücher.example', null, null],
  ['a colon', '2001:db8::1', null, null],
  ['a label of 63', `${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ['a label of 64', `${'a'.repeat(64)}.example`, null, null],
  ['254 bytes', `${'a.'.repeat(126)}aa`, null, null],
];
for (const [sentence, text, canonical, host] of rows) {
  test(`dns names: ${sentence}`, () => {
    assert.equal(canonicalName(text), canonical);
    assert.equal(hostName(text), host);
  });
}

test('dns names: what is canonical stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), text => {
      const name = canonicalName(text);
      if (name !== null) assert.equal(canonicalName(name), name);
    }),
  );
});

test('dns names: a small network of the reverse tree has a slash, and is no host', () => {
  assert.equal(ownerName('0/25.2.0.192.IN-ADDR.ARPA.'), '0/25.2.0.192.in-addr.arpa');
  assert.equal(canonicalName('0/25.2.0.192.in-addr.arpa'), null);
  assert.equal(hostName('0/25.2.0.192.in-addr.arpa'), null);
});
