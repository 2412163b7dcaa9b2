import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { layoutA, layoutB, layoutC, onGateway } from '../../../test/audit-facts.ts';
import { securityMistakes } from '../../../test/mistakes/security.ts';
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
