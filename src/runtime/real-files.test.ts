import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { realFiles } from './real-files.ts';

let directory = '';
const path = (name: string): string => join(directory, name);
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'postern-files-'));
});
after(() => rmSync(directory, { recursive: true }));

const files = realFiles();

test('a file is read whole, up to its limit', async () => {
  writeFileSync(path('ten'), '0123456789');
  assert.deepEqual(await files.read(path('ten'), 10), { ok: true, value: Buffer.from('0123456789') });
  assert.deepEqual(await files.read(path('ten'), 9), {
    ok: false,
    error: `${path('ten')} has more than 9 bytes.`,
  });
  writeFileSync(path('none'), '');
  assert.deepEqual(await files.read(path('none'), 10), { ok: true, value: Buffer.alloc(0) });
});

test('a large file comes whole', async () => {
  const bytes = Buffer.alloc(3_000_000, 'abcdefg');
  writeFileSync(path('large'), bytes);
  const result = await files.read(path('large'), 4_000_000);
  assert.ok(result.ok && result.value.equals(bytes));
});

test('a huge file is refused unread', async () => {
  writeFileSync(path('huge'), '');
  truncateSync(path('huge'), 2 ** 40);
  assert.deepEqual(await files.read(path('huge'), 1_000_000), {
    ok: false,
    error: `${path('huge')} has more than 1000000 bytes.`,
  });
});

test('a file that tells no size is bounded all the same', async () => {
  const result = await files.read('/proc/self/status', 1_000_000);
  assert.ok(result.ok && result.value.includes('VmRSS'));
  const small = await files.read('/proc/self/status', 10);
  assert.deepEqual(small, { ok: false, error: '/proc/self/status is being written, or too long.' });
});

test('what is no regular file is refused at once: a folder, a pipe that nobody writes, a device without end', async () => {
  execFileSync('mkfifo', [path('pipe')]);
  for (const odd of [directory, path('pipe'), '/dev/zero'])
    assert.deepEqual(await files.read(odd, 1_000), { ok: false, error: `${odd} is no regular file.` });
});

test('a file that is not there is a sentence', async () => {
  assert.deepEqual(await files.read(path('nowhere'), 10), {
    ok: false,
    error: `There is no file ${path('nowhere')}.`,
  });
});

test('a change is told, however the file was replaced', async () => {
  writeFileSync(path('first'), 'one');
  symlinkSync(path('first'), path('link'));
  let told = Promise.withResolvers<void>();
  const watching = files.watch(path('link'), () => told.resolve());
  // What Kubernetes and certificate tools do: the link is turned to another file.
  writeFileSync(path('second'), 'two!');
  symlinkSync(path('second'), path('next'));
  renameSync(path('next'), path('link'));
  await told.promise;
  told = Promise.withResolvers();
  writeFileSync(path('second'), 'written in place');
  await told.promise;
  watching.close();
});
