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

test('a change is told, however the file was replaced, also one that comes at once', async () => {
  writeFileSync(path('first'), 'one');
  symlinkSync(path('first'), path('link'));
  symlinkSync(path('loop'), path('loop'));
  const turned = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const there = Promise.withResolvers<void>();
  let still = true;
  const watching = [
    files.watch(path('link'), turned.resolve),
    files.watch(path('first'), written.resolve),
    files.watch(path('loop'), there.resolve),
    files.watch(directory, () => undefined),
    files.watch(path('ten'), () => (still = false)),
  ];
  // What Kubernetes and certificate tools do: the link is turned to another file.
  writeFileSync(path('second'), 'two');
  symlinkSync(path('second'), path('next'));
  renameSync(path('next'), path('link'));
  writeFileSync(path('first'), 'written in place');
  rmSync(path('loop'));
  writeFileSync(path('loop'), 'a file now');
  await Promise.all([turned.promise, written.promise, there.promise]);
  for (const each of watching) each.close();
  assert.ok(still, 'what did not change is not told');
});
