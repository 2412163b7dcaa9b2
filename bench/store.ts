import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { formatMessageId, MessageIds } from '../src/decision/queue/message-id.ts';
import type { TraceEvent } from '../src/runtime/events.ts';
import type { NewMessage, Result, StoreError } from '../src/runtime/ports.ts';
import { openSqliteStore, type SqliteStore } from '../src/runtime/queue/sqlite-store.ts';
import { openTraceStore } from '../src/runtime/queue/trace-store.ts';
import { spread } from './spread.ts';

/**
 * What the queue and the trace cost: `npm run bench:store [-- QUEUED]`.
 * Messages of 4 KiB, leased as they are appended and settled at once, each promise after its commit; then a queue of
 * QUEUED messages (100,000) that a restart finds, and the trace of 6,000 messages a second.
 */
const owner = 'mail.example.com';
const bytes = Buffer.alloc(4_096, 65);

function must<Value>(result: Result<Value, StoreError>): Value {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

function newMessage(id: string, leased: boolean): NewMessage {
  const now = Date.now();
  return {
    message: {
      id,
      receivedAt: now,
      reversePath: 'sender@example.com',
      sizeBytes: bytes.length,
      bodyType: '7bit',
      client: { address: '10.20.0.10', helo: 'store.example.com', listener: '10.20.0.2:25', uplink: null },
    },
    body: { kind: 'inline', bytes },
    forwardPaths: ['someone@remote.example'],
    lease: leased ? { owner, until: now + 300_000 } : null,
  };
}

/** `count` messages by `producers` at once; those `settled` are gone again as soon as they are appended. */
async function load(
  store: SqliteStore,
  producers: number,
  count: number,
  settled: boolean,
): Promise<number[]> {
  const ids = new MessageIds(must(await store.lastId()));
  const waits: number[] = [];
  let begun = 0;
  const produce = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      const id = ids.next(Date.now());
      const start = performance.now();
      must(await store.append(newMessage(id, settled)));
      waits.push(performance.now() - start);
      if (settled) must(await store.settle([{ message: id, index: 0, to: { kind: 'done' } }]));
    }
  };
  await Promise.all(Array.from({ length: producers }, produce));
  return waits;
}

async function measure(directory: string, producers: number, settled: boolean): Promise<void> {
  const store = must(await openSqliteStore({ directory }));
  const count = producers === 1 ? 4_000 : 40_000;
  await load(store, producers, 2_000, settled);
  const cpu = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  const commits = store.commits;
  const start = performance.now();
  const waits = await load(store, producers, count, settled);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const main = performance.eventLoopUtilization(loop).active;
  const { p50, p99 } = spread(waits);
  console.log(
    `${settled ? 'append and settle' : 'append'}, ${producers} at once:`.padEnd(34),
    `${Math.round((count / ms) * 1_000)}/s,`.padEnd(10),
    `wait p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms,`,
    `${(count / (store.commits - commits)).toFixed(1)} a commit,`,
    `CPU ${((user + system) / count).toFixed(0)} µs a message, of it ${((main / count) * 1_000).toFixed(0)} on the main thread`,
  );
  await store.close();
}

async function longQueue(directory: string, queued: number): Promise<void> {
  const filling = must(await openSqliteStore({ directory }));
  await load(filling, 200, queued, false);
  await filling.close();
  const timed = async <Value>(what: string, work: Promise<Value>): Promise<Value> => {
    const start = performance.now();
    const value = await work;
    console.log(`${what}:`.padEnd(34), `${(performance.now() - start).toFixed(1)} ms`);
    return value;
  };
  const store = must(await timed(`open with ${queued} queued`, openSqliteStore({ directory })));
  const now = Date.now();
  must(await timed('recover', store.recover(owner, now)));
  const request = { owner, now, until: now + 300_000, limits: { fresh: 1_000, retried: 0 } };
  must(await timed('lease the first 1,000', store.lease(request)));
  must(await timed('lease the next 1,000', store.lease(request)));
  must(await timed('next due', store.nextDue()));
  must(await timed('counts', store.counts()));
  must(await timed('list a page of 100', store.list({}, 100, null)));
  must(await timed('list a domain nobody has', store.list({ domain: 'nobody.example' }, 100, null)));
  must(await timed('hold all', store.hold({})));
  must(await timed('recover 2,000 leases', store.recover(owner, now)));
  await store.close();
}

async function traced(directory: string): Promise<void> {
  const opened = must(await openTraceStore({ directory }));
  const messages = 30_000;
  const event = (number: number, what: TraceEvent['event']): TraceEvent => ({
    at: Date.now(),
    id: formatMessageId(number),
    recipient: `someone${number % 5_000}@remote.example`,
    sender: 'sender@example.com',
    event: what,
    uplink: 'isp1',
    source: '198.51.100.30',
    ehlo: 'mail.example.com',
    host: 'mx.remote.example',
    address: '192.0.2.25',
    reply: '250 2.0.0 Queued',
    tls: null,
    blame: null,
    reason: 'preferred and up',
    elapsedMs: 12.345,
  });
  const cpu = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  for (let number = 0; number < messages; number++) {
    for (const what of ['accepted', 'attempt', 'delivered'] as const) opened.record(event(number, what));
    if (number % 60 === 0) await new Promise(resolve => setTimeout(resolve, 10));
  }
  await opened.find('someone@remote.example', 1);
  const { user, system } = process.cpuUsage(cpu);
  const main = performance.eventLoopUtilization(loop).active;
  console.log(
    'trace, three events a message:'.padEnd(34),
    `CPU ${((user + system) / messages).toFixed(1)} µs a message, of it ${((main / messages) * 1_000).toFixed(1)} on the main thread,`,
    `${opened.leftOut} left out`,
  );
  await opened.close();
}

const parent = await mkdtemp(join(tmpdir(), 'postern-bench-store-'));
try {
  for (const settled of [false, true])
    for (const producers of [1, 20, 200])
      await measure(join(parent, `load-${settled}-${producers}`), producers, settled);
  await longQueue(join(parent, 'long'), Number(process.argv[2] ?? 100_000));
  await traced(join(parent, 'trace'));
} finally {
  await rm(parent, { recursive: true, force: true });
}
