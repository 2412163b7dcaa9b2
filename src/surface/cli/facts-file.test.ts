import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { layoutA, layoutB, layoutC, onGateway } from '../../../test/audit-facts.ts';
import { securityMistakes } from '../../../test/mistakes/security.ts';
import type { DnsFailure } from '../../protocol/dns/failure.ts';
import { readFacts } from './facts-file.ts';

async function readBack(text: string): ReturnType<typeof readFacts> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-facts-'));
  try {
    const file = join(folder, 'seen.json');
    writeFileSync(file, text);
    return await readFacts(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('facts: what was written is read back as it was', async () => {
  const all = [
    layoutA,
    onGateway(layoutB),
    onGateway(layoutC),
    ...securityMistakes.map(({ facts }) => facts),
  ];
  for (const facts of all) {
    const read = await readBack(JSON.stringify(facts));
    assert.deepEqual(read, { ok: true, value: facts });
  }
});

const oldReasons: readonly (readonly [string, DnsFailure])[] = [
  ['DNS look-up of example.com MX failed: 192.0.2.53 answered SERVFAIL', 'servfail'],
  ['DNS look-up of example.com MX failed: the answer is bogus (DNSSEC)', 'bogus'],
  ['DNS look-up of example.com MX failed: 192.0.2.53 does not recurse', 'refused'],
  ['192.0.2.53 answered REFUSED', 'refused'],
  ['192.0.2.53 answered NOTIMP', 'other_rcode'],
  ['DNS look-up of example.com MX failed: more than 8 aliases', 'alias_loop'],
  ['DNS look-up of example.com MX failed: no resolver answered within 10000 ms', 'timeout'],
  ['192.0.2.53 did not answer in 3 s', 'timeout'],
  ['DNS look-up of example.com MX failed: there is no way to ask a resolver', 'unreachable'],
  ['DNS look-up of example.com MX failed: 192.0.2.53 ended the connection without an answer', 'unreachable'],
  ['it answers without authority for the zone', 'lame'],
  ['no answer came in the time of the check', 'given_up'],
];
test('facts: a file that tells of failures in words only is understood', async () => {
  const without = (reason: string) => ({ 'example.com MX': { kind: 'temperror', reason } });
  for (const [reason, failure] of oldReasons) {
    const server = { name: 'ns1.example.net', address: '192.0.2.53', tcp: true };
    const nameServers = [{ ...server, answers: without(reason) }];
    const read = await readBack(JSON.stringify({ ...layoutB, dns: without(reason), nameServers }));
    const expected = { 'example.com MX': { kind: 'temperror', reason, failure } };
    assert.ok(read.ok);
    assert.deepEqual([read.value.dns, read.value.nameServers[0]?.answers], [expected, expected]);
  }
});

const bad: readonly (readonly [string, string, RegExp])[] = [
  ['no JSON', 'seen', /cannot be read as facts: /],
  ['another document', '{"verdict":"pass"}', /holds no facts of a check; make them with/],
  ['half of the facts', JSON.stringify({ version: 1, domain: 'example.com', dns: {} }), /holds no facts/],
  ['a later version', JSON.stringify({ ...layoutA, version: 2 }), /holds no facts/],
  ['an answer of no kind', JSON.stringify({ ...layoutA, dns: { 'example.com MX': {} } }), /holds no facts/],
  ['a date that is none', JSON.stringify({ ...layoutA, startedAt: 1e300 }), /holds no facts/],
];
for (const [sentence, text, expected] of bad)
  test(`facts: ${sentence} is told in a sentence`, async () => {
    const read = await readBack(text);
    assert.match(read.ok ? '' : read.error, expected);
  });

test('facts: a file that is not there', async () => {
  const read = await readFacts('/nowhere/seen.json');
  assert.match(read.ok ? '' : read.error, /^\/nowhere\/seen\.json cannot be read as facts: ENOENT/);
});
