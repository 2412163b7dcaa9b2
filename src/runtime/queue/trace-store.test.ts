import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { formatMessageId } from '../../decision/queue/message-id.ts';
import type { TraceEvent } from '../events.ts';
import type { Clock } from '../ports.ts';
import { TraceDatabase } from './trace-database.ts';
import { entriesOf, eventsOf } from './trace-entry.ts';
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

test('a damaged trace is told, and the way out', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-trace-'));
  await writeFile(join(directory, 'trace.db'), 'no database '.repeat(100));
  const opened = await openTraceStore({ directory });
  assert.match(opened.ok ? '' : opened.error.message, /trace\.db is damaged .* move that file/);
  await rm(directory, { recursive: true, force: true });
});

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
    const left = () => database.find('someone@remote.example', 10_000).length;
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
      assert.deepEqual(database.find(formatMessageId(1), 10), []);
    },
    () => 1_000_000,
  );
});
