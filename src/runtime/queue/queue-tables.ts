import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { emptyCensus, type QueueCensus } from '../../decision/queue/census.ts';
import { formatMessageId, parseMessageId } from '../../decision/queue/message-id.ts';
import type {
  BodyRef,
  LeasedRecipient,
  MessageId,
  Outage,
  QueuedMessage,
  RecipientState,
} from '../../decision/queue/queued.ts';
import type { NewMessage, QueueFilter, Settlement, StoredMessage } from '../ports.ts';
import { bodyOf, messageOf, number, recipientOf, text } from './queue-rows.ts';
import type { OperatorChange, Step, StepFrom } from './store-calls.ts';

/** A walk over the whole queue looks at this many recipients in one step. */
const stepRecipients = 10_000;

/** Inline bodies that one lease brings along; what is due beyond that comes with the next. */
const leasedBytesLimit = 8 * 1024 * 1024;

/** The condition of a filter on `recipient r JOIN message m`; every part holds where it is not asked for. */
const filtered = `(:reversePath IS NULL OR m.reverse_path = :reversePath COLLATE NOCASE)
  AND (:forwardPath IS NULL OR r.forward_path = :forwardPath COLLATE NOCASE)
  AND (:domain IS NULL OR r.forward_path LIKE :domain ESCAPE '!')
  AND (:state IS NULL OR r.state = :state)`;

const matching = (columns: string, rest: string): string =>
  `SELECT ${columns} FROM recipient r JOIN message m ON m.id = r.message
   WHERE r.message > :after AND r.message <= :upTo AND ${filtered} ${rest}`;

/** An operator changes what nobody holds. */
const changes: Record<OperatorChange, string> = {
  retry: `SET next_attempt_at = :now WHERE state <> 'held'`,
  hold: `SET state = 'held' WHERE state <> 'held'`,
  release: `SET next_attempt_at = :now, state = CASE WHEN doubt IS NOT NULL THEN 'in_doubt'
      WHEN attempts > 0 THEN 'deferred' ELSE 'queued' END WHERE state = 'held'`,
};

/**
 * The rows of the queue, read and changed inside a transaction that the caller has begun; what SQLite throws passes
 * through. Counts and leases' ends are kept in memory beside their rows: after a rollback `reload` must follow.
 */
export class QueueTables {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #tally = new Map<string, number>();
  readonly #changedTally = new Set<string>();
  /** Until when each owner's leases hold. */
  readonly #owners = new Map<string, number>();
  readonly #changedOwners = new Set<string>();
  /** Owners that have spoken to us since the start: alive, so that nobody waits for the end of their leases. */
  readonly #alive = new Set<string>();
  #freedFiles: string[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.reload();
  }

  reload(): void {
    this.#tally.clear();
    this.#changedTally.clear();
    this.#owners.clear();
    this.#changedOwners.clear();
    this.#freedFiles = [];
    for (const row of this.#sql('SELECT name, value FROM tally').all())
      this.#tally.set(text(row.name), number(row.value));
    for (const row of this.#sql('SELECT name, until FROM owner').all())
      this.#owners.set(text(row.name), number(row.until));
  }

  /** Writes what is counted in memory: the last thing before a commit. */
  writeTally(): void {
    for (const name of this.#changedTally)
      this.#sql('UPDATE tally SET value = ? WHERE name = ?').run(this.#count(name), name);
    for (const name of this.#changedOwners) {
      const until = this.#owners.get(name);
      if (until === undefined) this.#sql('DELETE FROM owner WHERE name = ?').run(name);
      else this.#sql('INSERT OR REPLACE INTO owner VALUES (?, ?)').run(name, until);
    }
    this.#changedTally.clear();
    this.#changedOwners.clear();
  }

  /** Spool files whose messages went since the last call: to be removed after the commit. */
  takeFreedFiles(): readonly string[] {
    const files = this.#freedFiles;
    this.#freedFiles = [];
    return files;
  }

  countStart(): number {
    this.#add('starts', 1);
    return this.#count('starts');
  }

  append({ message, body, forwardPaths, lease }: NewMessage): void {
    const id = rowKey(message.id);
    this.#sql('INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
      id,
      message.receivedAt,
      message.reversePath,
      message.sizeBytes,
      message.bodyType,
      message.client === null ? null : JSON.stringify(message.client),
      body.kind === 'spool' ? body.file : null,
      body.kind === 'inline' ? body.bytes : null,
    );
    const insert = this.#sql('INSERT INTO recipient VALUES (?, ?, ?, ?, 0, ?, ?, NULL, NULL, NULL, NULL)');
    const state = lease === null ? 'queued' : 'active';
    for (const [place, forwardPath] of forwardPaths.entries())
      insert.run(id, place, forwardPath, state, message.receivedAt, lease?.owner ?? null);
    if (lease !== null) this.renew(lease.owner, lease.until);
    this.#add('messages', 1);
    this.#add('recipients', forwardPaths.length);
    if (id > this.#count('last_id')) this.#set('last_id', id);
  }

  settle(settlements: readonly Settlement[]): void {
    const touched = new Set<number>();
    for (const { message, index, to } of settlements) {
      const id = rowKey(message);
      if (to.kind === 'done') {
        const gone = this.#sql('DELETE FROM recipient WHERE message = ? AND place = ?').run(id, index);
        this.#add('recipients', -Number(gone.changes));
        touched.add(id);
        continue;
      }
      this.#sql(
        `UPDATE recipient SET state = ?, attempts = ?, next_attempt_at = ?, last_egress = ?, last_egress_since = ?,
           last_reply = ?, doubt = ?, owner = NULL WHERE message = ? AND place = ?`,
      ).run(
        to.state,
        to.attempts,
        Math.round(to.nextAttemptAt),
        to.lastEgress?.id ?? null,
        to.lastEgress?.since ?? null,
        to.lastReply,
        to.doubt === null ? null : JSON.stringify(to.doubt),
        id,
        index,
      );
    }
    for (const id of touched) this.#dropIfDone(id);
  }

  lease(owner: string, now: number, until: number, limit: number): LeasedRecipient[] {
    this.renew(owner, until);
    for (const [other, ends] of this.#owners) if (ends <= now && other !== owner) this.recover(other, now);
    const due = this.#sql(
      `SELECT * FROM recipient INDEXED BY due WHERE owner IS NULL AND state <> 'held' AND next_attempt_at <= ?
       ORDER BY next_attempt_at LIMIT ?`,
    ).all(now, limit);
    const take = this.#sql(
      `UPDATE recipient SET owner = ?, state = 'active' WHERE message = ? AND place = ?`,
    );
    const read = this.#sql('SELECT * FROM message WHERE id = ?');
    const messages = new Map<number, { message: QueuedMessage; body: BodyRef }>();
    const leased: LeasedRecipient[] = [];
    let bytes = 0;
    for (const row of due) {
      const id = number(row.message);
      let parts = messages.get(id);
      if (parts === undefined) {
        if (bytes > leasedBytesLimit) break;
        const found = read.get(id) ?? {};
        parts = { message: messageOf(found), body: bodyOf(found) };
        messages.set(id, parts);
        if (parts.body.kind === 'inline') bytes += parts.body.bytes.length;
      }
      take.run(owner, id, number(row.place));
      const recipient = recipientOf({ ...row, owner, state: 'active' }, this.#until);
      leased.push({ recipient, message: parts.message, body: parts.body });
    }
    return leased;
  }

  renew(owner: string, until: number): void {
    this.#alive.add(owner);
    if (until <= (this.#owners.get(owner) ?? Number.NEGATIVE_INFINITY)) return;
    this.#owners.set(owner, Math.ceil(until));
    this.#changedOwners.add(owner);
  }

  nextDue(): number | null {
    const row = this.#sql(
      `SELECT min(next_attempt_at) AS due FROM recipient INDEXED BY due WHERE owner IS NULL AND state <> 'held'`,
    ).get();
    const ends = [...this.#owners].filter(([name]) => !this.#alive.has(name)).map(([, until]) => until);
    const next = Math.min(...ends, typeof row?.due === 'number' ? row.due : Number.POSITIVE_INFINITY);
    return Number.isFinite(next) ? next : null;
  }

  recover(owner: string, now: number): number {
    if (!this.#owners.delete(owner)) return 0;
    this.#changedOwners.add(owner);
    const doubt = JSON.stringify({ cause: 'crash', since: now, egressId: null, host: null });
    const changed = this.#sql(
      `UPDATE recipient SET owner = NULL, state = 'in_doubt', next_attempt_at = ?, doubt = ? WHERE owner = ?`,
    ).run(now, doubt, owner);
    return Number(changed.changes);
  }

  /** Messages of which a recipient is meant by the filter, each with the recipients that are meant. */
  list(from: StepFrom, limit: number): Step<readonly StoredMessage[]> {
    const range = this.#range(from);
    if (range === null) return { found: [], next: null };
    const ids = this.#sql(matching('DISTINCT r.message AS id', 'ORDER BY r.message LIMIT :limit')).all({
      ...range.named,
      limit,
    });
    const recipients = this.#sql(matching('r.*', 'AND r.message = :one ORDER BY r.place'));
    const found = ids.map(({ id = null }) => {
      const row = this.#sql('SELECT * FROM message WHERE id = ?').get(id) ?? {};
      return {
        message: messageOf(row),
        body: bodyOf(row),
        recipients: recipients
          .all({ ...range.named, one: id })
          .map(recipient => recipientOf(recipient, this.#until)),
      };
    });
    return { found, next: found.length === limit ? (found.at(-1)?.message.id ?? null) : range.next };
  }

  change(from: StepFrom, change: OperatorChange, now: number): Step<number> {
    const range = this.#range(from);
    if (range === null) return { found: 0, next: null };
    const changed = this.#sql(
      `UPDATE recipient ${changes[change]} AND owner IS NULL
       AND (message, place) IN (${matching('r.message, r.place', '')})`,
    ).run({ ...range.named, now });
    return { found: Number(changed.changes), next: range.next };
  }

  remove(from: StepFrom): Step<readonly { message: MessageId; forwardPath: string }[]> {
    const range = this.#range(from);
    if (range === null) return { found: [], next: null };
    const rows = this.#sql(matching('r.message, r.place, r.forward_path', 'AND r.owner IS NULL')).all(
      range.named,
    );
    const remove = this.#sql('DELETE FROM recipient WHERE message = ? AND place = ?');
    const touched = new Set<number>();
    const found = rows.map(row => {
      const id = number(row.message);
      remove.run(id, number(row.place));
      touched.add(id);
      return { message: formatMessageId(id), forwardPath: text(row.forward_path) };
    });
    this.#add('recipients', -found.length);
    for (const id of touched) this.#dropIfDone(id);
    return { found, next: range.next };
  }

  lastId(): MessageId | null {
    const last = this.#count('last_id');
    return last < 0 ? null : formatMessageId(last);
  }

  outages(): Outage[] {
    return this.#sql('SELECT * FROM outage ORDER BY from_ms')
      .all()
      .map(row => ({ from: number(row.from_ms), to: row.to_ms === null ? null : number(row.to_ms) }));
  }

  saveOutages(outages: readonly Outage[]): void {
    this.#sql('DELETE FROM outage').run();
    for (const { from, to } of outages)
      this.#sql('INSERT OR REPLACE INTO outage VALUES (?, ?)').run(from, to);
  }

  remember(key: string, value: string | null): void {
    if (value === null) this.#sql('DELETE FROM fact WHERE key = ?').run(key);
    else this.#sql('INSERT OR REPLACE INTO fact VALUES (?, ?)').run(key, value);
  }

  recall(key: string): string | null {
    const row = this.#sql('SELECT value FROM fact WHERE key = ?').get(key);
    return row === undefined ? null : text(row.value);
  }

  counts(): { messages: number; recipients: number } {
    return { messages: this.#count('messages'), recipients: this.#count('recipients') };
  }

  /** One step of the counting. */
  census(after: MessageId | null): Step<QueueCensus> {
    const range = this.#range({ filter: {}, after });
    if (range === null) return { found: emptyCensus, next: null };
    const part = 'FROM recipient WHERE message > :after AND message <= :upTo';
    const counted = this.#sql(`SELECT state, count(*) AS recipients ${part} GROUP BY state`).all(range.named);
    const first = this.#sql(
      `SELECT id, received_at FROM message WHERE id =
       (SELECT message ${part} AND state <> 'held' ORDER BY message LIMIT 1)`,
    ).get(range.named);
    const byState = new Map(counted.map(row => [text(row.state), number(row.recipients)]));
    const of = (state: RecipientState): number => byState.get(state) ?? 0;
    return {
      found: {
        recipients: {
          queued: of('queued'),
          active: of('active'),
          deferred: of('deferred'),
          held: of('held'),
          in_doubt: of('in_doubt'),
        },
        oldest:
          first === undefined
            ? null
            : { id: formatMessageId(number(first.id)), receivedAt: number(first.received_at) },
      },
      next: range.next,
    };
  }

  orphans(files: readonly string[]): string[] {
    const named = this.#sql('SELECT 1 FROM message INDEXED BY spooled WHERE spool_file = ?');
    return files.filter(file => named.get(file) === undefined);
  }

  /** What one step of a walk looks at: whole messages, up to some ten thousand recipients. Null: nothing can match. */
  #range({ filter, after }: StepFrom) {
    const one = filter.message === undefined ? null : parseMessageId(filter.message);
    if (filter.message !== undefined && one === null) return null;
    const start = after === null ? -1 : rowKey(after);
    if (one !== null && one <= start) return null;
    const last = this.#sql(
      'SELECT message FROM recipient WHERE message > ? ORDER BY message, place LIMIT 1 OFFSET ?',
    ).get(start, stepRecipients);
    const end = one === null && last !== undefined ? number(last.message) : null;
    const named = {
      after: one === null ? start : one - 1,
      upTo: one ?? end ?? Number.MAX_SAFE_INTEGER,
      ...namedFilter(filter),
    };
    return { named, next: end === null ? null : formatMessageId(end) };
  }

  #dropIfDone(id: number): void {
    const gone = this.#sql(
      `DELETE FROM message WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM recipient WHERE message = ?1)
       RETURNING spool_file`,
    ).get(id);
    if (gone === undefined) return;
    this.#add('messages', -1);
    if (typeof gone.spool_file === 'string') this.#freedFiles.push(gone.spool_file);
  }

  readonly #until = (owner: string): number => this.#owners.get(owner) ?? 0;

  #count(name: string): number {
    return this.#tally.get(name) ?? 0;
  }

  #add(name: string, difference: number): void {
    if (difference !== 0) this.#set(name, this.#count(name) + difference);
  }

  #set(name: string, value: number): void {
    this.#tally.set(name, value);
    this.#changedTally.add(name);
  }

  /** Each statement is prepared once. */
  #sql(source: string): StatementSync {
    let statement = this.#statements.get(source);
    if (statement === undefined) {
      statement = this.#database.prepare(source);
      statement.setAllowUnknownNamedParameters(true);
      this.#statements.set(source, statement);
    }
    return statement;
  }
}

/** Throws for a text that is no ID: IDs are given by ourselves. */
function rowKey(id: MessageId): number {
  const key = parseMessageId(id);
  if (key === null) throw new TypeError(`"${id}" is no message ID.`);
  return key;
}

function namedFilter(filter: QueueFilter) {
  return {
    reversePath: filter.reversePath ?? null,
    forwardPath: filter.forwardPath ?? null,
    domain: filter.domain === undefined ? null : `%@${filter.domain.replaceAll(/[!%_]/g, '!$&')}`,
    state: filter.state ?? null,
  };
}
