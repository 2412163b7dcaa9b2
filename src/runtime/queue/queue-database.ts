import { DatabaseSync } from 'node:sqlite';
import type { BodyRef } from '../../decision/queue/queued.ts';
import type { NewMessage, Result, StoreError } from '../ports.ts';
import { pragma, takeUp } from './database-form.ts';
import { freeBytesBeside } from './free-space.ts';
import { queueForm, queueFunctions } from './queue-schema.ts';
import { QueueTables } from './queue-tables.ts';
import type {
  PackedMessage,
  StoreAnswers,
  StoreBatch,
  StoreCall,
  StoreCalls,
  StoreOperation,
} from './store-calls.ts';
import { damaged, full, isIoError, storeErrorOf } from './store-error.ts';

export type QueueDatabaseOptions = {
  readonly file: string;
  /** The most that the database may hold; null: what the disk holds. */
  readonly maxBytes: number | null;
  /** Room on the disk that new mail may not take: settling what was taken must stay possible. */
  readonly reserveBytes: number;
  /** Bytes that we may still write on the file's disk. */
  readonly freeBytes?: () => number;
  /** Opens the file; another way only to try what a sick disk does. */
  readonly openDatabase?: (file: string) => DatabaseSync;
};

type Answer = StoreCalls[StoreOperation]['answer'];
type Handlers = {
  [Operation in StoreOperation]: (
    request: StoreCalls[Operation]['request'],
    bytes: Uint8Array | null,
  ) => StoreCalls[Operation]['answer'];
};

const opened = (file: string): DatabaseSync => new DatabaseSync(file, { timeout: 300 });

/** Pages are given back to the disk above this number of free ones, where they are a quarter of all. */
const shrinkAbovePages = 4096;
const shrinkPages = 256;

/**
 * The queue's SQLite database, for the one thread that owns it: a batch of calls is one transaction, and its answers
 * are given after the commit, synced (`synchronous=FULL`). Where a batch fails, each of its calls gets a transaction of
 * its own, so that no call suffers for another; but of a disk that fails each call would wait for the same failure, so the
 * first that meets it speaks for the rest. What failed is undone, and the next batch finds the database as it was.
 */
export class QueueDatabase {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #tables: QueueTables;
  readonly #reserveBytes: number;
  readonly #freeBytes: () => number;
  readonly #starts: number;
  #shrinkCalls = 0;
  /** False: a commit failed, and what it began is not yet undone. */
  #sound = true;

  /** Opens or makes the database. Only one process can have it open; the kernel lets go of the lock when it dies. */
  static open(options: QueueDatabaseOptions): Result<QueueDatabase, StoreError> {
    let database: DatabaseSync | null = null;
    try {
      const { openDatabase = opened } = options;
      database = openDatabase(options.file);
      database.exec(
        `PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY`,
      );
      database.exec('BEGIN EXCLUSIVE; COMMIT');
      for (const [name, define] of Object.entries(queueFunctions))
        database.function(name, { deterministic: true }, define);
      const refused = takeUp(database, queueForm);
      if (refused === null) return { ok: true, value: new QueueDatabase(options, database) };
      database.close();
      return {
        ok: false,
        error: refused.damaged
          ? damaged(options.file, refused.detail)
          : { kind: 'failed', message: `${options.file} cannot be used: ${refused.detail}.` },
      };
    } catch (error) {
      if (database?.isOpen) database.close();
      return { ok: false, error: storeErrorOf(error, options.file) };
    }
  }

  private constructor(options: QueueDatabaseOptions, database: DatabaseSync) {
    this.#file = options.file;
    this.#database = database;
    this.#reserveBytes = options.reserveBytes;
    this.#freeBytes = options.freeBytes ?? (() => freeBytesBeside(options.file));
    if (options.maxBytes !== null) {
      const pages = Math.floor(options.maxBytes / pragma(database, 'page_size'));
      database.exec(`PRAGMA max_page_count = ${pages}`);
    }
    this.#tables = new QueueTables(database);
    this.#starts = this.#commit(() => this.#tables.countStart());
  }

  /** How often this database was opened, this time counted in. */
  get starts(): number {
    return this.#starts;
  }

  commit({ calls, bytes }: StoreBatch): StoreAnswers {
    const free = this.#freeBytes();
    const perform = (call: StoreCall): Result<Answer, StoreError> => {
      if (call.operation === 'append' && free < this.#reserveBytes)
        return { ok: false, error: full(this.#file, free) };
      return { ok: true, value: this.#perform(call, bytes) };
    };
    try {
      const results = this.#commit(() => calls.map(perform));
      return { results, freedFiles: this.#tables.takeFreedFiles() };
    } catch {
      return this.#commitEach(calls, perform);
    }
  }

  #commitEach(
    calls: readonly StoreCall[],
    perform: (call: StoreCall) => Result<Answer, StoreError>,
  ): StoreAnswers {
    const freedFiles: string[] = [];
    let sick: StoreError | null = null;
    const results = calls.map((call): Result<Answer, StoreError> => {
      if (sick !== null) return { ok: false, error: sick };
      try {
        const result = this.#commit(() => perform(call));
        freedFiles.push(...this.#tables.takeFreedFiles());
        return result;
      } catch (error) {
        const failure = storeErrorOf(error, this.#file);
        if (isIoError(error)) sick = failure;
        return { ok: false, error: failure };
      }
    });
    return { results, freedFiles };
  }

  /** Gives free pages back to the disk, a few at a time; to be called when the answers are out. */
  shrink(): void {
    this.#shrinkCalls += 1;
    if (this.#shrinkCalls % 4 !== 0 || !this.#sound) return;
    try {
      const free = pragma(this.#database, 'freelist_count');
      if (free < shrinkAbovePages || free * 4 < pragma(this.#database, 'page_count')) return;
      this.#database.prepare(`PRAGMA incremental_vacuum(${shrinkPages})`).all();
    } catch {
      // A disk that is full or sick: the next commit says so to those whom it concerns.
    }
  }

  close(): void {
    this.#database.close();
  }

  #commit<Value>(work: () => Value): Value {
    this.#undo();
    this.#database.exec('BEGIN IMMEDIATE');
    this.#sound = false;
    const value = work();
    this.#tables.writeTally();
    this.#database.exec('COMMIT');
    this.#sound = true;
    return value;
  }

  /** Undoes a commit that failed. On a sick disk that may fail too, and is tried again before the next. */
  #undo(): void {
    if (this.#sound) return;
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    this.#tables.reload();
    this.#sound = true;
  }

  #perform<Operation extends StoreOperation>(
    call: StoreCall<Operation>,
    bytes: Uint8Array | null,
  ): StoreCalls[Operation]['answer'] {
    return this.#handlers[call.operation](call.request, bytes);
  }

  readonly #handlers: Handlers = {
    append: (message, bytes) => {
      this.#tables.append(unpacked(message, bytes));
      return null;
    },
    settle: ({ settlements, bounces }, bytes) => {
      this.#tables.settle(settlements);
      for (const bounce of bounces) this.#tables.append(unpacked(bounce, bytes));
      return null;
    },
    lease: ({ owner, now, until, limits }) => this.#tables.lease(owner, now, until, limits),
    renew: ({ owner, until }) => {
      this.#tables.renew(owner, until);
      return null;
    },
    nextDue: kind => this.#tables.nextDue(kind),
    recover: ({ owner, now }) => this.#tables.recover(owner, now),
    list: request => this.#tables.walks.list(request, request.limit),
    change: request => this.#tables.walks.change(request, request.change, request.now),
    remove: request => this.#tables.walks.remove(request),
    lastId: () => this.#tables.lastId(),
    outages: () => this.#tables.outages(),
    saveOutages: outages => {
      this.#tables.saveOutages(outages);
      return null;
    },
    remember: ({ key, value }) => {
      this.#tables.remember(key, value);
      return null;
    },
    recall: key => this.#tables.recall(key),
    counts: () => this.#tables.counts(),
    census: ({ after }) => this.#tables.walks.census(after),
    orphans: files => this.#tables.orphans(files),
  };
}

function unpacked(message: PackedMessage, bytes: Uint8Array | null): NewMessage {
  const { body } = message;
  if (body.kind === 'spool') return { ...message, body };
  const span = bytes?.subarray(body.start, body.end) ?? new Uint8Array();
  const inline: BodyRef = {
    kind: 'inline',
    bytes: Buffer.from(span.buffer, span.byteOffset, span.byteLength),
  };
  return { ...message, body: inline };
}
