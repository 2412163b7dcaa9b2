import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import { formatMessageId } from '../../decision/queue/message-id.ts';
import { QueueDatabase } from './queue-database.ts';
import type { PackedMessage, StoreAnswers, StoreBatch, StoreCall } from './store-calls.ts';

function withFile(run: (file: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'postern-database-'));
  try {
    run(join(directory, 'queue.db'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function openFor(file: string, freeBytes: () => number = () => 1_000): QueueDatabase {
  const opened = QueueDatabase.open({ file, maxBytes: null, reserveBytes: 100, freeBytes });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

function refusalOf(file: string) {
  const opened = QueueDatabase.open({ file, maxBytes: null, reserveBytes: 0 });
  if (!opened.ok) return opened.error;
  opened.value.close();
  throw new Error('The database was opened.');
}

function append(number: number, recipients = 1): StoreCall {
  const request: PackedMessage = {
    message: {
      id: formatMessageId(number),
      receivedAt: number,
      reversePath: 'sender@example.com',
      sizeBytes: 0,
      bodyType: '7bit',
      client: null,
    },
    body: { kind: 'packed', start: 0, end: 0 },
    forwardPaths: Array.from({ length: recipients }, (_, place) => `r${place}@remote.example`),
    lease: null,
  };
  return { operation: 'append', request };
}

const batch = (...calls: StoreCall[]): StoreBatch => ({ bytes: null, calls });

const outcomes = ({ results }: StoreAnswers): string[] =>
  results.map(result => (result.ok ? 'ok' : result.error.kind));

test('below the reserve new mail is refused, and what was taken is still settled, in one commit', () => {
  withFile(file => {
    let free = 1_000;
    const database = openFor(file, () => free);
    database.commit(batch(append(1)));
    free = 99;
    const message = formatMessageId(1);
    const settle: StoreCall = {
      operation: 'settle',
      request: { settlements: [{ message, index: 0, to: { kind: 'done' } }], bounces: [] },
    };
    assert.deepEqual(outcomes(database.commit(batch(append(2), settle))), ['full', 'ok']);
    free = 100;
    assert.deepEqual(outcomes(database.commit(batch(append(3)))), ['ok']);
    database.close();
  });
});

test('a call that fails takes no other with it, and the counts stay true', () => {
  withFile(file => {
    const database = openFor(file);
    const answers = database.commit(
      batch(append(1), append(1), append(2), { operation: 'counts', request: null }),
    );
    assert.deepEqual(outcomes(answers), ['ok', 'failed', 'ok', 'ok']);
    assert.deepEqual(answers.results[3], { ok: true, value: { messages: 2, recipients: 2 } });
    database.close();
    assert.deepEqual(openAndCount(file), { messages: 2, recipients: 2 });
  });
});

function openAndCount(file: string): unknown {
  const database = openFor(file);
  const [counted] = database.commit(batch({ operation: 'counts', request: null })).results;
  database.close();
  return counted?.ok ? counted.value : counted?.error;
}

/** A database on a disk that fails: while `fails` has the first word of a statement, that is an I/O error. */
class SickDatabase extends DatabaseSync {
  readonly fails = new Set<string>();
  /** How often the disk failed. */
  failures = 0;

  override exec(sql: string): void {
    if (this.fails.has(sql.split(' ')[0] ?? '')) {
      this.failures += 1;
      throw Object.assign(new Error('disk I/O error'), { errcode: 778 });
    }
    super.exec(sql);
  }
}

function withSickDisk(run: (database: QueueDatabase, disk: SickDatabase) => void): void {
  withFile(file => {
    const disk = new SickDatabase(file);
    const opened = QueueDatabase.open({ file, maxBytes: null, reserveBytes: 0, openDatabase: () => disk });
    if (!opened.ok) throw new Error(opened.error.message);
    run(opened.value, disk);
    opened.value.close();
  });
}

const count: StoreCall = { operation: 'counts', request: null };

test('a disk that fails, even as it undoes, leaves nothing half done, and is used again when it works', () => {
  withSickDisk((database, disk) => {
    database.commit(batch(append(1)));
    disk.fails.add('COMMIT').add('ROLLBACK');
    assert.deepEqual(outcomes(database.commit(batch(append(2)))), ['failed']);
    assert.deepEqual(outcomes(database.commit(batch(append(2)))), ['failed']);
    disk.fails.clear();
    assert.deepEqual(database.commit(batch(count)).results, [
      { ok: true, value: { messages: 1, recipients: 1 } },
    ]);
    assert.deepEqual(outcomes(database.commit(batch(append(2), count))), ['ok', 'ok']);
  });
});

test('of a batch on a failing disk, two commits are tried and no more', () => {
  withSickDisk((database, disk) => {
    disk.fails.add('COMMIT');
    const answers = database.commit(batch(...Array.from({ length: 50 }, (_, number) => append(number))));
    assert.deepEqual(new Set(outcomes(answers)), new Set(['failed']));
    assert.equal(answers.results.length, 50);
    assert.equal(disk.failures, 2);
  });
});

test('a walk over a long queue goes in steps, and misses nobody', () => {
  withFile(file => {
    const database = openFor(file);
    database.commit(batch(...Array.from({ length: 15 }, (_, number) => append(number, 1_001))));
    const hold = (after: string | null) =>
      database.commit(batch({ operation: 'change', request: { filter: {}, after, change: 'hold', now: 0 } }))
        .results;
    const tenth = formatMessageId(9);
    assert.deepEqual(hold(null), [{ ok: true, value: { found: 10 * 1_001, next: tenth } }]);
    assert.deepEqual(hold(tenth), [{ ok: true, value: { found: 5 * 1_001, next: null } }]);
    database.close();
  });
});

test('the file gives room back to the disk when a long queue has gone', () => {
  withFile(file => {
    const database = openFor(file);
    const bytes = new Uint8Array(8_000_000);
    const large = (number: number): StoreCall => {
      const call = append(number);
      if (call.operation !== 'append') throw new Error('append gives an append.');
      return { ...call, request: { ...call.request, body: { kind: 'packed', start: 0, end: bytes.length } } };
    };
    database.commit({ bytes, calls: [1, 2, 3, 4].map(large) });
    database.commit(batch({ operation: 'remove', request: { filter: {}, after: null } }));
    for (let calls = 0; calls < 200; calls++) database.shrink();
    database.close();
    const size = statSync(file).size;
    assert.ok(size < 24_000_000, `${size} bytes are left`);
  });
});

test('two cannot have one queue', () => {
  withFile(file => {
    const first = openFor(file);
    assert.match(refusalOf(file).message, /^Another Postern is using .*queue\.db: stop that one/);
    first.close();
    openFor(file).close();
  });
});

const damages: [string, (file: string) => void, RegExp][] = [
  [
    'a file of something else',
    file => writeFileSync(file, 'This is a letter and no database.'.repeat(200)),
    /queue\.db is damaged \(.*\): stop Postern and move that file/,
  ],
  [
    'another program’s database',
    file => {
      const foreign = new DatabaseSync(file);
      foreign.exec('CREATE TABLE theirs (x)');
      foreign.close();
    },
    /queue\.db is damaged \(it is not a queue of Postern\)/,
  ],
  [
    'a queue whose pages were overwritten',
    file => {
      const database = openFor(file);
      for (let number = 0; number < 2_000; number++) database.commit(batch(append(number)));
      database.close();
      const size = statSync(file).size;
      const raw = new DatabaseSync(file);
      raw.exec('PRAGMA journal_mode = DELETE');
      raw.close();
      const bytes = Buffer.alloc(size, 0x5a);
      const head = 4_096;
      writeFileSync(file, Buffer.concat([readFileSync(file).subarray(0, head), bytes.subarray(head)]));
    },
    /queue\.db is damaged \(/,
  ],
];
for (const [sentence, damage, expected] of damages) {
  test(`${sentence} is not taken for a queue, and the way out is told`, () => {
    withFile(file => {
      damage(file);
      const error = refusalOf(file);
      assert.equal(error.kind, 'damaged');
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /\n/);
    });
  });
}

test('a queue of a later Postern is left alone', () => {
  withFile(file => {
    openFor(file).close();
    const raw = new DatabaseSync(file);
    raw.exec('PRAGMA user_version = 9');
    raw.close();
    const error = refusalOf(file);
    assert.equal(error.kind, 'failed');
    assert.match(
      error.message,
      /written in form 9, and this Postern knows form 2: use the Postern that wrote it/,
    );
  });
});

/** The tables of form 1, and in them: a message never attempted, a retry, one held, one in a spool file. */
const ofForm1 = `
  CREATE TABLE message (id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, reverse_path TEXT NOT NULL,
    size_bytes INTEGER NOT NULL, body_type TEXT NOT NULL, client TEXT, spool_file TEXT, body BLOB) STRICT;
  CREATE UNIQUE INDEX spooled ON message (spool_file) WHERE spool_file IS NOT NULL;
  CREATE TABLE recipient (message INTEGER NOT NULL, place INTEGER NOT NULL, forward_path TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, next_attempt_at INTEGER NOT NULL, owner TEXT, last_egress TEXT,
    last_egress_since INTEGER, last_reply TEXT, doubt TEXT, PRIMARY KEY (message, place)) STRICT, WITHOUT ROWID;
  CREATE INDEX due ON recipient (next_attempt_at) WHERE owner IS NULL AND state <> 'held';
  CREATE TABLE owner (name TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE tally (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO tally VALUES ('messages', 4), ('recipients', 4), ('last_id', 4), ('starts', 1);
  CREATE TABLE outage (from_ms INTEGER PRIMARY KEY, to_ms INTEGER) STRICT;
  CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO message VALUES
    (1, 1, 'a@example.com', 2, '7bit', '{"address":"10.20.0.10","helo":"x","listener":"l","uplink":null}', NULL, x'4142'),
    (2, 2, 'b@example.com', 2, '8bitmime', NULL, NULL, x'4344'),
    (3, 3, '', 2, '7bit', NULL, NULL, x'4546'),
    (4, 4, 'd@example.com', 9, '7bit', NULL, 'file-1', NULL);
  INSERT INTO recipient VALUES
    (1, 0, 'r@remote.example', 'queued', 0, 10, NULL, NULL, NULL, NULL, NULL),
    (2, 0, 'r@Remote.example', 'deferred', 3, 20, NULL, 'isp1', 5, '451 later', NULL),
    (3, 0, 'r@other.example', 'held', 1, 30, NULL, NULL, NULL, NULL, NULL),
    (4, 0, 'r@third.example', 'active', 0, 40, 'mail.example.com', NULL, NULL, NULL, NULL);
  INSERT INTO owner VALUES ('mail.example.com', 1000);
  PRAGMA application_id = 0x50535451; PRAGMA user_version = 1;
`;

test('a queue of the first form goes on with all that it holds', () => {
  withFile(file => {
    const old = new DatabaseSync(file);
    old.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; ${ofForm1}`);
    old.close();
    const database = openFor(file);
    const answerTo = (call: StoreCall): unknown => {
      const [result] = database.commit(batch(call)).results;
      return result?.ok ? result.value : result?.error;
    };
    const owner = 'mail.example.com';
    assert.equal(answerTo({ operation: 'recover', request: { owner, now: 50 } }), 1);
    assert.equal(answerTo({ operation: 'nextDue', request: 'fresh' }), 10);
    assert.equal(answerTo({ operation: 'nextDue', request: 'retried' }), 20);
    const limits = { fresh: 10, retried: 10 };
    const leased = answerTo({ operation: 'lease', request: { owner, now: 60, until: 500, limits } });
    assert.ok(Array.isArray(leased));
    assert.deepEqual(
      leased.map(({ message, recipient }) => [message.reversePath, recipient.attempts, recipient.lastReply]),
      [
        ['a@example.com', 0, null],
        ['d@example.com', 0, null],
        ['b@example.com', 3, '451 later'],
      ],
    );
    assert.deepEqual(outcomes(database.commit(batch(append(9)))), ['ok']);
    database.close();
    openFor(file).close();
  });
});
