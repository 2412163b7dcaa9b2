import assert from 'node:assert/strict';
import { access, mkdtemp, open, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { BodyRef } from '../../decision/queue/queued.ts';
import type { Result, StoreError } from '../ports.ts';
import { type OpenFileForWriting, Spool } from './spool.ts';

function must<Value>(result: Result<Value, StoreError>): Value {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

async function withSpool(
  run: (spool: Spool, directory: string) => Promise<void>,
  openForWriting?: OpenFileForWriting,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-spool-'));
  const spool = must(await Spool.open(directory, 1, openForWriting));
  try {
    await run(spool, directory);
  } finally {
    await spool.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function fileWith(spool: Spool, text: string): Promise<Extract<BodyRef, { kind: 'spool' }>> {
  const writer = must(await spool.create());
  must(await writer.write([Buffer.from(text)]));
  const body = must(await writer.finish());
  if (body.kind !== 'spool') throw new Error('A spool gives files.');
  return body;
}

test('a disk that is full while a body arrives is told as full, and leaves no file', async () => {
  // The kernel's own full device takes the place of the file.
  const fullDevice: OpenFileForWriting = async (path, flags, mode) => {
    await (await open(path, flags, mode)).close();
    return open('/dev/full', 'w');
  };
  await withSpool(async (spool, directory) => {
    const writer = must(await spool.create());
    const written = await writer.write([Buffer.alloc(100_000)]);
    assert.equal(written.ok ? 'written' : written.error.kind, 'full');
    await writer.abort();
    assert.deepEqual(await readdir(directory), []);
  }, fullDevice);
});

test('chunks that the disk takes only in part are written to their end', async () => {
  const slow: OpenFileForWriting = async (path, flags, mode) => {
    const handle = await open(path, flags, mode);
    const writev = handle.writev.bind(handle);
    handle.writev = async chunks => {
      const [first] = chunks;
      if (!Buffer.isBuffer(first)) throw new TypeError('The spool writes buffers.');
      const { bytesWritten } = await writev([first.subarray(0, 3)]);
      return { bytesWritten, buffers: chunks };
    };
    return handle;
  };
  await withSpool(async spool => {
    const writer = must(await spool.create());
    must(await writer.write(['0123', '', '456789'].map(text => Buffer.from(text))));
    const body = must(await writer.finish());
    assert.equal(body.kind === 'spool' && String(must(await spool.read(body.file, 0, 10))), '0123456789');
  }, slow);
});

test('a file that was cut short is damage', async () => {
  await withSpool(async (spool, directory) => {
    const { file } = await fileWith(spool, '0123456789');
    await truncate(join(directory, file), 4);
    const read = await spool.read(file, 0, 10);
    assert.equal(read.ok ? 'read' : read.error.kind, 'damaged');
  });
});

test('many files are read beside each other, and what is being read outlives its removal', async () => {
  await withSpool(async (spool, directory) => {
    const files = await Promise.all(
      Array.from({ length: 150 }, async (_, number) => (await fileWith(spool, `body ${number}`)).file),
    );
    const read = await Promise.all(files.map((file, number) => spool.read(file, 0, `body ${number}`.length)));
    assert.deepEqual(
      read.map(result => String(must(result))),
      files.map((_, number) => `body ${number}`),
    );
    const [first = ''] = files;
    const reading = spool.read(first, 0, 6);
    await spool.discard([first]);
    assert.equal(String(must(await reading)), 'body 0');
    await assert.rejects(access(join(directory, first)));
  });
});

test('a folder that cannot be made is told in a sentence that names it', async () => {
  const opened = await Spool.open('/dev/null/spool', 1);
  assert.match(opened.ok ? '' : opened.error.message, /^\/dev\/null\/spool cannot be used/);
});
