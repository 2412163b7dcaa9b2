import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { realNetwork } from '../../src/runtime/net/real-network.ts';
import { runHere } from './cli-stand.ts';

const unreachable = {
  ok: false,
  error: { kind: 'network_unreachable', message: 'There is no network.' },
} as const;

/** A host without a network: nobody is asked. */
const alone = {
  network: () => ({
    ...realNetwork(),
    addresses: () => [],
    datagrams: async () => unreachable,
    connect: async () => unreachable,
  }),
};

suite('postern check, its files', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'postern-check-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  test('facts that were written down are judged again to the same report', async () => {
    const file = join(directory, 'facts.json');
    const seen = await runHere(['check', 'example.com', '--save-facts', file], alone);
    assert.equal(seen.code, 3, seen.err);
    const replayed = await runHere(['check', '--facts', file], alone);
    assert.equal(replayed.code, 3);
    assert.equal(replayed.out, seen.out);
  });

  test('a place that facts cannot be written to is told in one sentence, after the report', async () => {
    const file = join(directory, 'none', 'facts.json');
    const { code, out, err } = await runHere(['check', 'example.com', '--save-facts', file], alone);
    assert.equal(code, 2);
    assert.match(out, /nobody can promise/);
    assert.equal(
      err,
      `The facts could not be written to ${file} (ENOENT); name another file with --save-facts.\n`,
    );
  });

  for (const more of [['example.net'], ['--watch']])
    test(`one file does not hold what ${more.join()} asks for`, async () => {
      const file = join(directory, 'many.json');
      const { code, err } = await runHere(['check', 'example.com', ...more, '--save-facts', file], alone);
      assert.equal(code, 2);
      assert.match(err, /one look at one domain/);
      assert.ok(!existsSync(file));
    });
});
