import assert from 'node:assert/strict';
import test from 'node:test';
import { readDomain, readSelector } from './check-options.ts';

const domains: readonly (readonly [string, string, string | RegExp])[] = [
  ['a domain', 'example.com', 'example.com'],
  ['capitals and a final dot', 'Example.COM.', 'example.com'],
  ['an international name', 'bücher.example', 'xn--bcher-kva.example'],
  ['one that is in A-labels already', 'xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['full-width letters', 'ｅｘａｍｐｌｅ.com', 'example.com'],
  ['an IPv4 address', '198.51.100.30', /is an address; name the domain/],
  ['an IPv6 address', '2001:db8::1', /is an address; name the domain/],
  ['an address literal', '[198.51.100.30]', /is an address; name the domain/],
  ['an IPv6 literal', '[IPv6:2001:db8::1]', /is an address; name the domain/],
  ['an address of a person', 'me@example.com', /name the domain, example\.com\.$/],
  ['one word', 'com', /is a public suffix or one word/],
  ['a public suffix', 'co.uk', /is a public suffix.* as in example\.co\.uk\.$/],
  ['another', 'com.au', /is a public suffix/],
  ['that of a government', 'gov.uk', /is a public suffix/],
  ['one of three labels', 'k12.ca.us', /is a public suffix/],
  ['one that all names below a country are', 'anything.ck', /is a public suffix/],
  ['a name that the list leaves out of such', 'www.ck', 'www.ck'],
  ['one in another script', '公司.cn', /is a public suffix/],
  ['a name below one', 'example.co.uk', 'example.co.uk'],
  ['what somebody lends out below his own', 'github.io', 'github.io'],
  ['what only looks like one', 'co.example', 'co.example'],
  ['a reserved name', 'mail.test', 'mail.test'],
  ['another reserved name', 'gone.invalid', 'gone.invalid'],
  ['a name of this host', 'mail.localhost', 'mail.localhost'],
  ['nothing', '', /is not the name of a domain/],
  ['spaces', 'exa mple.com', /is not the name of a domain/],
  ['a page', 'https://example.com/', /is not the name of a domain/],
  ['a label over 63', `${'a'.repeat(64)}.com`, /is not the name of a domain/],
  ['what no international name holds', 'xn--\u0000.com', /is not the name of a domain/],
];
for (const [sentence, text, expected] of domains)
  test(`check: ${sentence} in the place of the domain`, () => {
    const read = readDomain(text);
    if (typeof expected === 'string') assert.deepEqual(read, { ok: true, value: expected });
    else assert.match(read.ok ? read.value : read.error, expected);
  });

test('check: selectors are read with the files of their keys', () => {
  assert.deepEqual(readSelector('s1=/etc/dkim/s1.pem', readSelector('Other')), [
    { name: 'other', file: null },
    { name: 's1', file: '/etc/dkim/s1.pem' },
  ]);
  assert.throws(() => readSelector('a b'), /Write the selector/);
});
