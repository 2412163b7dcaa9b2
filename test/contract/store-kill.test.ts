import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { MessageId } from '../../src/decision/queue/queued.ts';
import { openSqliteStore } from '../../src/runtime/queue/sqlite-store.ts';
import { must } from './queue-store.contract.ts';

/** Lets a child append until it has said `count` acknowledged IDs, and kills it in the middle of its work. */
async function killAfter(directory: string, count: number): Promise<Set<MessageId>> {
  const child = fork(join(import.meta.dirname, 'store-load.ts'), [directory], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const acknowledged = new Set<MessageId>();
  await new Promise<void>((resolve, reject) => {
    child.on('message', id => {
      if (typeof id === 'string') acknowledged.add(id);
      if (acknowledged.size === count) child.kill('SIGKILL');
    });
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  return acknowledged;
}

test('a process killed under load has lost nothing that it acknowledged', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-kill-'));
  try {
    const said = new Set<MessageId>();
    for (const count of [40, 150, 400]) {
      for (const id of await killAfter(directory, count)) said.add(id);
    }
    const store = must(await openSqliteStore({ directory }));
    const listed = must(await store.list({}, 100_000, null));
    const found = new Set(listed.map(one => one.message.id));
    assert.ok(said.size >= 590);
    assert.deepEqual(
      [...said].filter(id => !found.has(id)),
      [],
    );
    const { messages, recipients } = must(await store.counts());
    assert.deepEqual(
      [messages, recipients],
      [listed.length, listed.length],
      'the counts are those of the rows',
    );
    const files = new Set(listed.flatMap(({ body }) => (body.kind === 'spool' ? [body.file] : [])));
    assert.deepEqual(new Set(await readdir(join(directory, 'spool'))), files, 'each file has its row');
    for (const { message, body } of listed) {
      const read = must(await store.readRange(body, 0, message.sizeBytes));
      assert.equal(read.length, message.sizeBytes);
    }
    assert.equal(must(await store.recover('mail.example.com', 1)), listed.length);
    await store.close();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
