import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  ['what only looks like one', 'co.example', 'co.example'],
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

test('check: the public part of the key that signs is taken from its file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-selector-'));
  try {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const file = join(folder, 's1.pem');
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
    assert.deepEqual(readSelector(`s1=${file}`, readSelector('Other')), [
      { name: 'other', key: null },
      { name: 's1', key: { type: 'ed25519', data: raw } },
    ]);
    writeFileSync(file, 'no key');
    assert.throws(() => readSelector(`s1=${file}`), /s1\.pem holds no key in PEM/);
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.throws(() => readSelector('s1=/nowhere/key.pem'), /cannot be read: ENOENT/);
  assert.throws(() => readSelector('a b'), /Write the selector/);
});
