import assert from 'node:assert/strict';
import test from 'node:test';
import type { BodyWriter, QueueStore, StoreError } from '../ports.ts';
import { IncomingBody, inlineBodyBytes } from './incoming-body.ts';

type Spool = { bytes: Buffer[]; finished: boolean; aborted: boolean; release: () => void };

/** A store whose spool writes wait until `release` is called, or fail with `error`. */
function spoolStore(error: StoreError | null = null, slow = false): { store: QueueStore; spool: Spool } {
  const waiting: (() => void)[] = [];
  const spool: Spool = {
    bytes: [],
    finished: false,
    aborted: false,
    release: () => {
      for (const go of waiting.splice(0)) go();
    },
  };
  const writer: BodyWriter = {
    async write(chunks) {
      if (slow) await new Promise<void>(go => waiting.push(go));
      if (error) return { ok: false, error };
      spool.bytes.push(...chunks.map(chunk => Buffer.from(chunk)));
      return { ok: true, value: undefined };
    },
    async finish() {
      spool.finished = true;
      return { ok: true, value: { kind: 'spool', file: 'f', sizeBytes: Buffer.concat(spool.bytes).length } };
    },
    async abort() {
      spool.aborted = true;
    },
  };
  return { store: { openBody: async () => ({ ok: true, value: writer }) } as unknown as QueueStore, spool };
}

const head = Buffer.from('Received: from x\r\n');

test('a small body is joined once and stays in memory', async () => {
  const { store, spool } = spoolStore();
  const body = new IncomingBody(
    store,
    head,
    () => {},
    () => {},
  );
  body.add(Buffer.from('one\r\n'));
  body.add(Buffer.from('two\r\n'));
  const whole = await body.finish();
  assert.ok(whole.ok && whole.value.kind === 'inline');
  assert.equal(whole.value.bytes.toString(), 'Received: from x\r\none\r\ntwo\r\n');
  assert.deepEqual(spool.bytes, []);
});

test('a small body holds no more memory than its bytes, however it came', async () => {
  const read = Buffer.alloc(60_000);
  for (const spans of [[read.subarray(100, 1_100)], [Buffer.from('one\r\n'), Buffer.from('two\r\n')]]) {
    const body = new IncomingBody(
      spoolStore().store,
      head,
      () => {},
      () => {},
    );
    for (const span of spans) body.add(span);
    const whole = await body.finish();
    assert.ok(whole.ok && whole.value.kind === 'inline');
    assert.equal(whole.value.bytes.buffer.byteLength, body.sizeBytes);
  }
});

test('a large body goes to the spool in order, whole', async () => {
  const { store, spool } = spoolStore();
  const body = new IncomingBody(
    store,
    head,
    () => {},
    () => {},
  );
  const pieces = Array.from({ length: 40 }, (_, index) => Buffer.alloc(10_000, index));
  for (const piece of pieces) {
    body.add(piece);
    if (piece === pieces[20]) await new Promise(resolve => setImmediate(resolve));
  }
  const whole = await body.finish();
  assert.ok(whole.ok && whole.value.kind === 'spool');
  assert.ok(Buffer.concat(spool.bytes).equals(Buffer.concat([head, ...pieces])));
  assert.ok(spool.finished);
});

test('while the spool is slow the client is held, and told once it may go on', async () => {
  const { store, spool } = spoolStore(null, true);
  let reliefs = 0;
  const body = new IncomingBody(
    store,
    head,
    () => {
      reliefs += 1;
    },
    () => {},
  );
  body.add(Buffer.alloc(inlineBodyBytes));
  await new Promise(resolve => setImmediate(resolve));
  body.add(Buffer.alloc(300 * 1024));
  assert.ok(body.congested);
  for (let round = 0; round < 5; round += 1) {
    spool.release();
    await new Promise(resolve => setImmediate(resolve));
  }
  assert.equal(reliefs, 1);
  assert.ok(!body.congested);
});

test('a full spool is told at the end, and what follows it is dropped without growing', async () => {
  const { store } = spoolStore({ kind: 'full', message: 'no space' });
  const body = new IncomingBody(
    store,
    head,
    () => {},
    () => {},
  );
  for (let index = 0; index < 20; index += 1) {
    body.add(Buffer.alloc(100_000));
    await new Promise(resolve => setImmediate(resolve));
  }
  assert.ok(!body.congested);
  const whole = await body.finish();
  assert.ok(!whole.ok && whole.error.kind === 'full');
});

test('an abandoned body leaves nothing in the spool', async () => {
  const { store, spool } = spoolStore();
  const body = new IncomingBody(
    store,
    head,
    () => {},
    () => {},
  );
  body.add(Buffer.alloc(inlineBodyBytes + 1));
  await body.abandon();
  assert.ok(spool.aborted);
});

test('a body that comes in crumbs is held and written in few pieces', async () => {
  const { store, spool } = spoolStore(null, true);
  const body = new IncomingBody(
    store,
    head,
    () => {},
    () => {},
  );
  const crumb = Buffer.from('a\r\n');
  for (let size = 0; size < 2 * inlineBodyBytes; size += crumb.length) body.add(crumb);
  const whole = body.finish();
  for (let turn = 0; turn < 10; turn += 1) {
    await new Promise(resolve => setImmediate(resolve));
    spool.release();
  }
  assert.ok((await whole).ok);
  assert.ok(spool.bytes.length <= 100, `${spool.bytes.length} pieces`);
});

test('the start of a large body is shown once, without our own field', async () => {
  const { store } = spoolStore();
  const shown: Buffer[] = [];
  const body = new IncomingBody(
    store,
    head,
    () => {},
    start => shown.push(start),
  );
  body.add(Buffer.from('Received: from y\r\n\r\n'));
  for (let piece = 0; piece < 8; piece += 1) body.add(Buffer.alloc(20_000, 'x'));
  assert.ok((await body.finish()).ok);
  assert.equal(shown.length, 1);
  assert.ok(shown[0]?.toString().startsWith('Received: from y\r\n\r\nxx'));
});
