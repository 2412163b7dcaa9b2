import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { lockHolder, takeLock } from './real-lock.ts';

let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'postern-lock-'));
});
after(() => rmSync(directory, { recursive: true }));

test('a lock is held by one, who is named, and free when it is released', async () => {
  const path = join(directory, 'one.lock');
  const lock = await takeLock(path);
  assert.ok(lock.ok);
  assert.deepEqual(await takeLock(path), { ok: false, error: { holder: process.pid } });
  assert.equal(await lockHolder(path), process.pid);
  await lock.value.release();
  assert.equal(await lockHolder(path), null);
  assert.ok((await takeLock(path)).ok);
});

const dead = ['1 99999999999999\n', '999999999 5\n', 'nonsense', ''];
for (const text of dead)
  test(`a lock of a process that is gone (${JSON.stringify(text)}) is free, and one of many gets it`, async () => {
    const path = join(directory, `dead${dead.indexOf(text)}.lock`);
    writeFileSync(path, text);
    assert.equal(await lockHolder(path), null);
    assert.ok((await takeLock(path)).ok);
    assert.equal(await lockHolder(path), process.pid);
  });

test('where no file can be written, that is told', async () => {
  const result = await takeLock(join(directory, 'none', 'x.lock'));
  assert.match(!result.ok && 'trouble' in result.error ? result.error.trouble : '', /cannot be written/);
  assert.ok(!readdirSync(directory).includes('none'));
});
