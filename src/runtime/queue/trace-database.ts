import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { formatMessageId, parseMessageId } from '../../decision/queue/message-id.ts';
import type { TraceEvent } from '../events.ts';
import type { Result, StoreError } from '../ports.ts';
import { type DatabaseForm, takeUp } from './database-form.ts';
import { freeBytesBeside } from './free-space.ts';
import { number, type Row, text } from './queue-rows.ts';
import { damaged, storeErrorOf } from './store-error.ts';
import { eventsOf, type TraceEntry } from './trace-entry.ts';

/**
 * Entries in the order of time; an address is found by a hash of its lower-case form, which is short and of one size,
 * and what is found is compared.
 */
const traceForm: DatabaseForm = {
  applicationId: 0x50535454,
  version: 1,
  what: 'a trace of Postern',
  tables: `
    CREATE TABLE entry (
      number INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      message INTEGER NOT NULL,
      sender TEXT NOT NULL,
      events TEXT NOT NULL
    ) STRICT;
    CREATE INDEX entry_message ON entry (message);
    CREATE TABLE address (hash INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)) STRICT, WITHOUT ROWID;
  `,
};

const dayMs = 24 * 60 * 60_000;
const keptMs = 30 * dayMs;

/** The disk's last bytes are for mail: below this nothing is traced. */
const reserveBytes = 256 * 1024 * 1024;

/** Entries of old that one write takes out at most, so that none takes long. */
const pruneStep = 1_000;

/** The trace's SQLite database, for the one thread that owns it. `synchronous=NORMAL`: a loss of power may cost its last moments. */
export class TraceDatabase {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #insertEntry: StatementSync;
  readonly #insertAddress: StatementSync;
  readonly #oldest: StatementSync;
  readonly #freeBytes: () => number;

  static open(file: string, freeBytes = () => freeBytesBeside(file)): Result<TraceDatabase, StoreError> {
    let database: DatabaseSync | null = null;
    try {
      database = new DatabaseSync(file, { timeout: 300 });
      database.exec(
        `PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -4096; BEGIN EXCLUSIVE; COMMIT`,
      );
      const refused = takeUp(database, traceForm);
      if (refused === null) return { ok: true, value: new TraceDatabase(file, database, freeBytes) };
      database.close();
      return {
        ok: false,
        error: refused.damaged
          ? damaged(file, refused.detail)
          : { kind: 'failed', message: `${file} cannot be used: ${refused.detail}.` },
      };
    } catch (error) {
      if (database?.isOpen) database.close();
      return { ok: false, error: storeErrorOf(error, file) };
    }
  }

  private constructor(file: string, database: DatabaseSync, freeBytes: () => number) {
    this.#file = file;
    this.#database = database;
    this.#freeBytes = freeBytes;
    this.#insertEntry = database.prepare(
      'INSERT INTO entry (at, message, sender, events) VALUES (?, ?, ?, ?)',
    );
    this.#oldest = database.prepare('SELECT at FROM entry ORDER BY number LIMIT 1');
    this.#insertAddress = database.prepare('INSERT OR IGNORE INTO address VALUES (?, ?)');
  }

  /** Writes all entries or none, and takes out some that are older than 30 days before `now`. */
  write(entries: readonly TraceEntry[], now: number): Result<null, StoreError> {
    try {
      if (this.#freeBytes() < reserveBytes) {
        return {
          ok: false,
          error: { kind: 'full', message: `The disk of ${this.#file} is nearly full: free some space.` },
        };
      }
      this.#database.exec('BEGIN IMMEDIATE');
      for (const entry of entries) this.#insert(entry);
      this.#prune(now - keptMs);
      this.#database.exec('COMMIT');
      return { ok: true, value: null };
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      return { ok: false, error: storeErrorOf(error, this.#file) };
    }
  }

  /** The newest `limit` events of a message, or of a sender's or recipient's address (whatever its case), oldest first. */
  find(idOrAddress: string, limit: number): Result<readonly TraceEvent[], StoreError> {
    try {
      return { ok: true, value: this.#found(idOrAddress, limit) };
    } catch (error) {
      return { ok: false, error: storeErrorOf(error, this.#file) };
    }
  }

  close(): void {
    this.#database.close();
  }

  #found(idOrAddress: string, limit: number): TraceEvent[] {
    const isAddress = idOrAddress.includes('@');
    const id = parseMessageId(idOrAddress);
    if (!isAddress && id === null) return [];
    const wanted = idOrAddress.toLowerCase();
    const rows = isAddress
      ? this.#database
          .prepare(
            'SELECT e.* FROM address a JOIN entry e ON e.number = a.entry WHERE a.hash = ? ORDER BY a.entry DESC',
          )
          .iterate(hashOf(wanted))
      : this.#database.prepare('SELECT * FROM entry WHERE message = ? ORDER BY number DESC').iterate(id);
    const groups: TraceEvent[][] = [];
    let count = 0;
    for (const row of rows) {
      if (count >= limit) break;
      const events = eventsOfRow(row).filter(
        ({ sender, recipient }) =>
          !isAddress || sender.toLowerCase() === wanted || recipient?.toLowerCase() === wanted,
      );
      groups.push(events);
      count += events.length;
    }
    const found = groups.reverse().flat();
    return found.slice(Math.max(0, found.length - limit)).sort((one, other) => one.at - other.at);
  }

  #insert({ id, at, sender, recipients, events }: TraceEntry): void {
    const { lastInsertRowid } = this.#insertEntry.run(
      Math.floor(at),
      parseMessageId(id) ?? -1,
      sender,
      events,
    );
    for (const hash of hashesOf(sender, recipients)) this.#insertAddress.run(hash, lastInsertRowid);
  }

  #prune(before: number): void {
    const oldest = this.#oldest.get();
    if (oldest === undefined || number(oldest.at) >= before) return;
    const old = this.#database.prepare('SELECT * FROM entry ORDER BY number LIMIT ?').all(pruneStep);
    const remove = this.#database.prepare('DELETE FROM entry WHERE number = ?');
    const forget = this.#database.prepare('DELETE FROM address WHERE hash = ? AND entry = ?');
    for (const row of old) {
      if (number(row.at) >= before) return;
      const recipients = eventsOfRow(row).flatMap(event => event.recipient ?? []);
      for (const hash of hashesOf(text(row.sender), recipients)) forget.run(hash, number(row.number));
      remove.run(number(row.number));
    }
  }
}

function eventsOfRow(row: Row): TraceEvent[] {
  return eventsOf(formatMessageId(Math.max(0, number(row.message))), text(row.sender), text(row.events));
}

function hashesOf(sender: string, recipients: readonly string[]): Set<number> {
  return new Set([sender, ...recipients].filter(path => path !== '').map(path => hashOf(path.toLowerCase())));
}

/** FNV-1a over the code units, 32 bits. */
function hashOf(address: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < address.length; place++)
    hash = Math.imul(hash ^ address.charCodeAt(place), 0x01000193);
  return hash >>> 0;
}
