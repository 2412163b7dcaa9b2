import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { formatMessageId } from '../../decision/queue/message-id.ts';
import type { TraceEvent } from '../events.ts';
import type { Clock } from '../ports.ts';
import { TraceDatabase } from './trace-database.ts';
import { entriesOf, eventsOf } from './trace-entry.ts';
import { TraceKeeper } from './trace-keeper.ts';
import { openTraceStore, type SqliteTraceStore } from './trace-store.ts';

const dayMs = 24 * 60 * 60_000;

function event(number: number, at: number, given: Partial<TraceEvent> = {}): TraceEvent {
  return {
    at,
    id: formatMessageId(number),
    recipient: 'someone@remote.example',
    sender: 'sender@example.com',
    event: 'delivered',
    uplink: 'isp1',
    source: '198.51.100.30',
    ehlo: 'mail.example.com',
    host: 'mx.remote.example',
    address: '192.0.2.25',
    reply: '250 2.0.0 Queued',
    tls: null,
    blame: null,
    reason: 'preferred',
    elapsedMs: 12.5,
    ...given,
  };
}

/** A clock whose timers never end: only what must not wait is written. */
const stillClock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  timer: () => ({ cancel: () => undefined }),
  sleep: async () => undefined,
};

async function withTrace(run: (trace: SqliteTraceStore, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-trace-'));
  const opened = await openTraceStore({ directory, clock: stillClock });
  if (!opened.ok) throw new Error(opened.error.message);
  try {
    await run(opened.value, directory);
  } finally {
    await opened.value.close();
    await rm(directory, { recursive: true, force: true });
  }
}

test('an event is the same before and after its keeping', () => {
  const events = [
    event(1, 10),
    event(1, 20, {
      event: 'bounced',
      recipient: null,
      uplink: null,
      reply: null,
      elapsedMs: null,
      blame: 'recipient',
    }),
  ];
  const [entry] = entriesOf(events);
  assert.ok(entry);
  assert.deepEqual(eventsOf(entry.id, entry.sender, entry.events), events);
  assert.deepEqual([entry.at, entry.recipients], [10, ['someone@remote.example']]);
});

const questions: [string, string, number[]][] = [
  ['a message by its ID', formatMessageId(2), [20, 25]],
  ['an ID as people type it', formatMessageId(2).toLowerCase(), [20, 25]],
  ['a recipient', 'other@remote.example', [25, 40]],
  ['an address whatever its case', 'OTHER@Remote.Example', [25, 40]],
  ['a sender', 'writer@example.com', [40]],
  ['one who wrote nothing and got nothing', 'nobody@example.com', []],
  ['what is neither an ID nor an address', 'nonsense', []],
];
for (const [sentence, question, expected] of questions) {
  test(`the trace finds ${sentence}, over restarts`, async () => {
    await withTrace(async (trace, directory) => {
      trace.record(event(1, 10));
      trace.record(event(2, 20));
      trace.record(event(1, 22));
      trace.record(event(2, 25, { recipient: 'Other@Remote.example' }));
      const times = async (store: SqliteTraceStore) => (await store.find(question, 100)).map(({ at }) => at);
      await times(trace);
      trace.record(event(3, 40, { sender: 'Writer@example.com', recipient: 'other@remote.example' }));
      assert.deepEqual(await times(trace), expected);
      await trace.close();
      const reopened = await openTraceStore({ directory, clock: stillClock });
      if (!reopened.ok) throw new Error(reopened.error.message);
      assert.deepEqual(await times(reopened.value), expected);
      await reopened.value.close();
    });
  });
}

test('of many events the newest are given, oldest first', async () => {
  await withTrace(async trace => {
    for (let at = 0; at < 2_000; at++) trace.record(event(1, at));
    const found = await trace.find(formatMessageId(1), 3);
    assert.deepEqual(
      found.map(({ at }) => at),
      [1_997, 1_998, 1_999],
    );
  });
});

test('events beyond the backlog are left out and counted, and the operator is told once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-trace-'));
  const told: string[] = [];
  const opened = await openTraceStore({
    directory,
    clock: stillClock,
    onTrouble: message => told.push(message),
  });
  if (!opened.ok) throw new Error(opened.error.message);
  const trace = opened.value;
  for (let at = 0; at < 21_000; at++) trace.record(event(at, at));
  assert.equal(trace.leftOut, 1_000);
  assert.deepEqual(told, [
    'The trace cannot keep up with the mail. Mail goes on, but what happens to it is not traced meanwhile.',
  ]);
  assert.equal((await trace.find('someone@remote.example', 30_000)).length, 20_000);
  trace.record(event(1, 1));
  assert.equal(trace.leftOut, 1_000);
  await trace.close();
  assert.deepEqual(await trace.find(formatMessageId(1), 1), []);
  await rm(directory, { recursive: true, force: true });
});

/** A trace of 2,000 entries, all of it but its first page damaged. */
async function damagedTrace(directory: string): Promise<{ file: string; bytes: Buffer }> {
  const file = join(directory, 'trace.db');
  const opened = TraceDatabase.open(file);
  if (!opened.ok) throw new Error(opened.error.message);
  opened.value.write(entriesOf(Array.from({ length: 2_000 }, (_, number) => event(number, number))), 0);
  opened.value.close();
  const bytes = (await readFile(file)).fill(0x55, 4_096);
  await writeFile(file, bytes);
  return { file, bytes };
}

test('a damaged trace is put aside and told, once, and an empty one is begun', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-trace-'));
  const { file, bytes } = await damagedTrace(directory);
  const opened = await openTraceStore({ directory, clock: stillClock });
  assert.ok(opened.ok, opened.ok ? '' : opened.error.message);
  const told: string[] = [];
  opened.value.onPutAside(sentence => told.push(sentence));
  opened.value.record(event(1, 10));
  assert.equal((await opened.value.find('someone@remote.example', 10)).length, 1);
  await opened.value.close();
  const aside = `${file}.damaged-1970-01-01T00:00:00.000Z`;
  assert.deepEqual(told, [
    `The trace ${file} was damaged, so that what happened before is in ${aside} alone: "sqlite3 FILE .recover" shows what that still holds. Delete it when it is of no more use.`,
  ]);
  const kept = await readFile(aside);
  assert.ok(kept.subarray(4_096).equals(bytes.subarray(4_096)), 'what was found is kept as it was');
  await rm(directory, { recursive: true, force: true });
});

test('a trace that is damaged and cannot be put aside is told, and the way out', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-trace-'));
  const file = join(directory, 'trace.db');
  await writeFile(file, 'no database '.repeat(100));
  await mkdir(join(`${file}.damaged-1970-01-01T00:00:00.000Z`, 'full'), { recursive: true });
  const opened = await openTraceStore({ directory, clock: stillClock });
  assert.match(opened.ok ? '' : opened.error.message, /trace\.db is damaged .* move that file/);
  await rm(directory, { recursive: true, force: true });
});

test('a trace that turns out to be damaged in use is put aside too, and goes on with what was to be written', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-trace-'));
  const { file, bytes } = await damagedTrace(directory);
  const told: string[] = [];
  // Its header says that it is too long to be checked whole at its opening.
  const pages = (65 * 1_048_576) / 4_096;
  bytes.writeUInt32BE(pages, 28);
  await writeFile(file, bytes);
  await truncate(file, pages * 4_096);
  const opened = TraceKeeper.open({ file, now: 0, putAside: sentence => told.push(sentence) });
  assert.ok(opened.ok, opened.ok ? '' : opened.error.message);
  assert.deepEqual(told, []);
  assert.deepEqual(opened.value.write(entriesOf([event(1, 1)]), 5_000), { ok: true, value: null });
  assert.equal(opened.value.find(formatMessageId(1), 10, 5_000).length, 1);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /trace\.db\.damaged-1970-01-01T00:00:05/);
  opened.value.close();
  await rm(directory, { recursive: true, force: true });
});

function found(database: TraceDatabase, idOrAddress: string): readonly TraceEvent[] {
  const answer = database.find(idOrAddress, 10_000);
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
}

async function withDatabase(run: (database: TraceDatabase) => void, freeBytes?: () => number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-trace-'));
  const opened = TraceDatabase.open(join(directory, 'trace.db'), freeBytes);
  if (!opened.ok) throw new Error(opened.error.message);
  try {
    run(opened.value);
  } finally {
    opened.value.close();
    await rm(directory, { recursive: true, force: true });
  }
}

test('what is older than thirty days goes, a step at a time', async () => {
  await withDatabase(database => {
    database.write(entriesOf(Array.from({ length: 1_500 }, (_, number) => event(number, number))), 0);
    database.write(entriesOf([event(5_000, 29 * dayMs)]), 29 * dayMs);
    const left = () => found(database, 'someone@remote.example').length;
    assert.equal(left(), 1_501);
    database.write([], 31 * dayMs);
    assert.equal(left(), 501);
    database.write([], 31 * dayMs);
    assert.equal(left(), 1);
  });
});

test('on a nearly full disk nothing is traced, and that is told', async () => {
  await withDatabase(
    database => {
      const written = database.write(entriesOf([event(1, 1)]), 1);
      assert.equal(written.ok ? 'written' : written.error.kind, 'full');
      assert.deepEqual(found(database, formatMessageId(1)), []);
    },
    () => 1_000_000,
  );
});
