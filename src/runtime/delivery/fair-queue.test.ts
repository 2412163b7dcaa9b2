import assert from 'node:assert/strict';
import test from 'node:test';
import { FairQueue } from './fair-queue.ts';
import { Job } from './job.ts';

function job(id: string, reversePath: string, client: string | null = '10.20.0.7', attempts = 0): Job {
  const from = client === null ? null : { address: client, helo: 'x', listener: 'x', uplink: null };
  const message = { id, receivedAt: 0, reversePath, sizeBytes: 1, bodyType: '7bit', client: from } as const;
  const plain = { message: id, index: 0, forwardPath: 'a@b.example', state: 'active', attempts } as const;
  const unknown = { nextAttemptAt: 0, lease: null, lastEgress: null, lastReply: null, doubt: null };
  const body = { kind: 'inline', bytes: Buffer.alloc(1) } as const;
  return new Job([{ message, body, recipient: { ...plain, ...unknown } }], { targets: [], backups: '' }, 0);
}

function order(jobs: readonly Job[]): string {
  const queue = new FairQueue();
  for (const each of jobs) queue.add(each);
  return queue
    .takeAll()
    .map(({ message }) => message.id)
    .join(' ');
}

const rows: [string, readonly Job[], string][] = [
  ['one sender keeps the order', [job('1', 'a@x'), job('2', 'a@x'), job('3', 'a@x')], '1 2 3'],
  ['senders take turns', [job('1', 'a@x'), job('2', 'a@x'), job('3', 'a@x'), job('4', 'b@x')], '1 4 2 3'],
  [
    'clients take turns, whatever sender they name',
    [job('1', 'a@x', '10.0.0.1'), job('2', 'a@x', '10.0.0.1'), job('3', 'a@x', '10.0.0.2')],
    '1 3 2',
  ],
  [
    'a list that numbers its reverse-paths has one turn',
    [job('1', 'news+1=p@x'), job('2', 'news+2=q@x'), job('3', 'news-3@x'), job('4', 'b@x')],
    '1 3 4 2',
  ],
  ['bounces of ours take a turn', [job('1', 'a@x'), job('2', 'a@x'), job('3', '', null)], '1 3 2'],
];

for (const [sentence, jobs, expected] of rows)
  test(`fair turns: ${sentence}`, () => assert.equal(order(jobs), expected));

test('fair turns: what comes again comes first, the last of it before all', () => {
  const queue = new FairQueue();
  queue.add(job('1', 'a@x'));
  queue.addFirst(job('2', 'a@x'));
  queue.addFirst(job('3', 'b@x'));
  assert.equal(queue.first?.message.id, '3');
  assert.deepEqual(
    queue.takeAll().map(({ message }) => message.id),
    ['3', '2', '1'],
  );
  assert.equal(queue.length, 0);
});

test('fair turns: it is known whether something is tried for the first time', () => {
  const queue = new FairQueue();
  queue.add(job('1', 'a@x', null, 3));
  assert.equal(queue.hasFresh, false);
  queue.add(job('2', 'a@x', null, 0));
  assert.equal(queue.hasFresh, true);
  queue.takeAll();
  assert.equal(queue.hasFresh, false);
});

test('fair turns: ten thousand of one sender leave in order, and nothing of them is kept', () => {
  const queue = new FairQueue();
  for (let n = 0; n < 10_000; n++) queue.add(job(String(n), 'a@x'));
  for (let n = 0; n < 10_000; n++) assert.equal(queue.shift()?.message.id, String(n));
  assert.equal(queue.first, undefined);
});
