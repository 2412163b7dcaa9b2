import assert from 'node:assert/strict';
import test from 'node:test';
import { MemoryDisk, MemoryStore } from '../../../test/simulation/memory-store.ts';
import { SimClock } from '../../../test/simulation/sim-clock.ts';
import { formatMessageId } from '../../decision/queue/message-id.ts';
import { EventStream } from '../events.ts';
import { DiskWatch } from './disk-watch.ts';
import { QueueWatch } from './queue-watch.ts';
import { watchTrace } from './trace-watch.ts';

const hour = 3_600_000;
const megabyte = 1024 * 1024;

function stand() {
  const clock = new SimClock();
  const events = new EventStream();
  const told: string[] = [];
  const since: number[] = [];
  events.subscribe(event => {
    if (event.kind !== 'condition') return;
    told.push(`${event.condition.kind} ${event.condition.state}: ${event.condition.reason}`);
    since.push(event.condition.since);
  });
  const disk = new MemoryDisk();
  const store = new MemoryStore({ clock, disk });
  return { clock, events, told, since, disk, store };
}

async function queued({ clock, store }: ReturnType<typeof stand>, number: number): Promise<void> {
  const bytes = Buffer.from('Subject: hello\r\n\r\nHello.\r\n');
  await clock.await(
    store.append({
      message: {
        id: formatMessageId(number),
        receivedAt: clock.now(),
        reversePath: 'user@example.com',
        sizeBytes: bytes.length,
        bodyType: '7bit',
        client: null,
      },
      body: { kind: 'inline', bytes },
      forwardPaths: ['someone@remote.example'],
      lease: null,
    }),
  );
}

test('a queue that ages is told once, from half the delay notice on, and once more when it has caught up', async () => {
  const { clock, events, told, since, store, ...rest } = stand();
  const settings = { expireMs: 120 * hour, delayNoticeMs: 4 * hour };
  const watch = new QueueWatch({ clock, events, store, settings: () => settings });
  watch.start();
  await queued({ clock, events, told, since, store, ...rest }, 1);
  const came = clock.now();
  await clock.run(2 * hour - 120_000);
  assert.deepEqual(told, []);
  await clock.run(5 * hour);
  assert.equal(told.length, 1);
  assert.match(
    told[0] ?? '',
    /^queue trouble: 1 recipients wait; the oldest message, \w{11} to someone@remote\.example, came at 2026-01-01T00:00:00/,
  );
  assert.ok(Math.abs((since[0] ?? 0) - came - 2 * hour) < 1_000, 'it dates from when it was too long');
  await clock.await(store.remove({}));
  await clock.run(120_000);
  assert.equal(told.at(-1), 'queue over: What waits now came lately.');
  assert.deepEqual(watch.census?.recipients.queued, 0);
  await clock.await(watch.stop());
});

test('what is held ages nobody, and without a delay notice an hour is long', async () => {
  const one = stand();
  const settings = { expireMs: 120 * hour, delayNoticeMs: null };
  const watch = new QueueWatch({ ...one, settings: () => settings });
  await queued(one, 1);
  await one.clock.await(one.store.hold({}));
  watch.start();
  await one.clock.run(10 * hour);
  assert.deepEqual(one.told, []);
  await one.clock.await(one.store.release({}, one.clock.now()));
  await one.clock.run(120_000);
  assert.equal(one.told.length, 1);
  await one.clock.await(watch.stop());
});

test('a disk that runs low, is full, and has room again is told step by step', async () => {
  const { clock, events, told, store } = stand();
  let freeBytes = 10_000 * megabyte;
  store.space = () => ({ freeBytes, reserveBytes: 64 * megabyte });
  const watch = new DiskWatch({ clock, events, store });
  watch.start();
  await clock.run(120_000);
  assert.equal(told.length, 0);
  const steps: [string, number, string | null, boolean][] = [
    ['it runs low', 200, 'disk low: ', true],
    ['and lower', 100, null, true],
    ['it is full', 10, 'disk trouble: ', false],
    ['there is a little room', 270, 'disk low: ', true],
    ['and a little more', 310, null, true],
    ['there is room', 330, 'disk over: ', true],
  ];
  for (const [sentence, free, expected, writable] of steps) {
    freeBytes = free * megabyte;
    told.splice(0);
    await clock.run(120_000);
    assert.deepEqual(
      told.map(text => text.slice(0, expected?.length)),
      expected === null ? [] : [expected],
      sentence,
    );
    assert.equal(watch.unwritable === null, writable, sentence);
  }
  await clock.await(watch.stop());
});

test('a failure met in use is told at once, and over when it has not come again', async () => {
  const { clock, events, told, store } = stand();
  const watch = new DiskWatch({ clock, events, store });
  watch.start();
  await clock.run(1_000);
  events.emit({ kind: 'warning', at: clock.now(), subject: 'disk', message: 'The queue cannot be written.' });
  assert.deepEqual(told, ['disk trouble: The queue cannot be written.']);
  assert.equal(watch.unwritable, 'The queue cannot be written.');
  await clock.run(60_000);
  assert.equal(told.length, 1);
  await clock.run(120_000);
  assert.equal(told.length, 2);
  assert.equal(watch.unwritable, null);
  await clock.await(watch.stop());
});

test('a slow disk is told when it was so twice, and is over when it was quick twice', async () => {
  const { clock, events, told, disk, store } = stand();
  const watch = new DiskWatch({ clock, events, store });
  watch.start();
  await clock.run(1_000);
  disk.syncMs = 1_000;
  await clock.run(32_000);
  assert.deepEqual(told, [], 'once is no pace');
  await clock.run(10_000);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^disk slow: The queue's disk took 1\.0 seconds for one write/);
  assert.equal(watch.unwritable, null, 'slow is no reason to refuse');
  await clock.run(300_000);
  disk.syncMs = 0;
  await clock.run(40_000);
  assert.equal(told.length, 2);
  assert.match(told[1] ?? '', /^disk over: /);
  await clock.await(watch.stop());
});

test('a disk that does not answer at all is told while it does not, and over when it has', async () => {
  const { clock, events, told, disk, store } = stand();
  const watch = new DiskWatch({ clock, events, store });
  watch.start();
  await clock.run(1_000);
  disk.syncMs = 60_000;
  await clock.run(44_000);
  assert.deepEqual(told, []);
  await clock.run(2_000);
  assert.match(told[0] ?? '', /^disk trouble: The queue's disk has not answered a write for 15 seconds/);
  assert.match(watch.unwritable ?? '', /has not answered/);
  disk.syncMs = 0;
  await clock.run(60_000);
  assert.equal(watch.unwritable, null);
  assert.match(told.at(-1) ?? '', /^disk over: /);
  await clock.await(watch.stop());
});

test('a store that refuses a write of ours is a trouble', async () => {
  const { clock, events, told, store } = stand();
  const watch = new DiskWatch({ clock, events, store });
  store.remember = () =>
    Promise.resolve({ ok: false, error: { kind: 'failed', message: 'The disk is gone.' } });
  watch.start();
  await clock.run(1_000);
  assert.deepEqual(told, ['disk trouble: The disk is gone.']);
  await clock.await(watch.stop());
});

test('a damaged trace is told, and that a new one is in use', () => {
  const { clock, events, told } = stand();
  watchTrace({ onPutAside: hear => hear('The trace was damaged.') }, clock, events);
  assert.deepEqual(told, [
    'trace trouble: The trace was damaged.',
    'trace over: A new trace was begun, and mail is traced in it.',
  ]);
});
