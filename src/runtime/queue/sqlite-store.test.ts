import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Result, StoreError } from '../ports.ts';
import { Spool } from './spool.ts';
import { openSqliteStore, SqliteStore } from './sqlite-store.ts';

function must<Value>(result: Result<Value, StoreError>): Value {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'postern-state-'));
  try {
    await run(join(parent, 'state'));
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

test('folder and files are for their owner alone', async () => {
  await withDirectory(async directory => {
    const store = must(await openSqliteStore({ directory }));
    const modes = ['', 'spool', 'queue.db', 'queue.db-wal'].map(
      async name => (await stat(join(directory, name))).mode & 0o777,
    );
    assert.deepEqual(await Promise.all(modes), [0o700, 0o700, 0o600, 0o600]);
    await store.close();
  });
});

test('a second one on the same folder is refused', async () => {
  await withDirectory(async directory => {
    const store = must(await openSqliteStore({ directory }));
    const second = await openSqliteStore({ directory });
    assert.match(second.ok ? '' : second.error.message, /^Another Postern is using .*: stop that one/);
    await store.close();
  });
});

test('a folder that cannot be made is told in a sentence', async () => {
  const opened = await openSqliteStore({ directory: '/dev/null/state' });
  assert.match(opened.ok ? '' : opened.error.message, /^\/dev\/null\/state cannot be used/);
});

test('a nearly full disk takes no more large bodies', async () => {
  await withDirectory(async directory => {
    const store = must(await openSqliteStore({ directory, reserveBytes: Number.MAX_SAFE_INTEGER }));
    const opened = await store.openBody();
    assert.equal(opened.ok ? 'opened' : opened.error.kind, 'full');
    await store.close();
  });
});

test('a settlement that nobody waits for shares the commit of the mail that comes next', async () => {
  await withDirectory(async directory => {
    const store = must(await openSqliteStore({ directory }));
    const before = store.commits;
    const settled = store.settle([{ message: '06YYVQE6400', index: 0, to: { kind: 'done' } }]);
    await nextTurn();
    const counted = store.counts();
    must(await settled);
    must(await counted);
    assert.equal(store.commits - before, 1);
    await store.close();
  });
});

test('when the thread dies, all who wait and all who come are told, and the process once', async () => {
  await withDirectory(async directory => {
    const mortal = new Worker(
      `require('node:worker_threads').parentPort.once('message', () => { throw new Error('out of memory'); })`,
      { eval: true },
    );
    const spool = must(await Spool.open(directory, 1));
    const told: string[] = [];
    const store = new SqliteStore('queue.db', mortal, spool, 0, error => told.push(error.message));
    const answers = [await store.counts(), await store.lastId()];
    for (const answer of answers)
      assert.match(
        answer.ok ? '' : answer.error.message,
        /^The queue in queue\.db cannot be used any more \(out of memory\): .* start Postern again\.$/,
      );
    assert.equal(told.length, 1);
    await store.close();
  });
});
