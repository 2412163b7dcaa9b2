import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { formatMessageId } from '../../decision/queue/message-id.ts';
import type {
  BodyRef,
  LeasedRecipient,
  MessageId,
  Outage,
  QueuedMessage,
} from '../../decision/queue/queued.ts';
import { senderTurn } from '../../decision/queue/turn.ts';
import type { NewMessage, Settlement } from '../ports.ts';
import { askedText, bodyOf, messageOf, number, type Row, recipientOf, rowKey, text } from './queue-rows.ts';
import { QueueTurns, type TurnKind } from './queue-turns.ts';
import { QueueWalks } from './queue-walks.ts';
import { Statements } from './statements.ts';

/** Inline bodies that one lease brings along; what is due beyond that comes with the next. */
const leasedBytesLimit = 8 * 1024 * 1024;

/**
 * The rows of the queue, read and changed inside a transaction that the caller has begun; what SQLite throws passes
 * through. Counts and leases' ends are kept in memory beside their rows: after a rollback `reload` must follow.
 */
export class QueueTables {
  /** Looks at the whole queue. */
  readonly walks: QueueWalks;
  readonly #statements: Statements;
  readonly #turns: QueueTurns;
  readonly #tally = new Map<string, number>();
  readonly #changedTally = new Set<string>();
  /** Until when each owner's leases hold. */
  readonly #owners = new Map<string, number>();
  readonly #changedOwners = new Set<string>();
  /** Owners that have spoken to us since the start: alive, so that nobody waits for the end of their leases. */
  readonly #alive = new Set<string>();
  #freedFiles: string[] = [];

  constructor(database: DatabaseSync) {
    this.#statements = new Statements(database);
    this.#turns = new QueueTurns(this.#statements);
    this.walks = new QueueWalks(this.#statements, this.#turns, this.#until, (recipients, messages) => {
      this.#add('recipients', -recipients);
      for (const id of messages) this.#dropIfDone(id);
    });
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

  append({ message, body, forwardPaths, recipientDsn, lease }: NewMessage): void {
    const id = rowKey(message.id);
    this.#sql(
      `INSERT INTO message (id, received_at, reverse_path, size_bytes, body_type, client, spool_file, asked, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      id,
      message.receivedAt,
      message.reversePath,
      message.sizeBytes,
      message.bodyType,
      message.client === null ? null : JSON.stringify(message.client),
      body.kind === 'spool' ? body.file : null,
      askedText(message),
      body.kind === 'inline' ? body.bytes : null,
    );
    const insert = this.#sql(
      `INSERT INTO recipient (message, place, forward_path, state, attempts, next_attempt_at, owner, dsn, turn)
       VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?)`,
    );
    const state = lease === null ? 'queued' : 'active';
    const turn = senderTurn(message);
    for (const [place, forwardPath] of forwardPaths.entries()) {
      const dsn = recipientDsn?.[place] ?? null;
      const asked = dsn === null ? null : JSON.stringify(dsn);
      insert.run(id, place, forwardPath, state, message.receivedAt, lease?.owner ?? null, asked, turn);
    }
    if (lease !== null) this.renew(lease.owner, lease.until);
    else this.#turns.wait(turn, message.receivedAt);
    this.#add('messages', 1);
    this.#add('recipients', forwardPaths.length);
    if (id > this.#count('last_id')) this.#set('last_id', id);
  }

  settle(settlements: readonly Settlement[]): void {
    const touched = new Set<number>();
    for (const { message, index, to } of settlements) {
      const id = rowKey(message);
      if (to.kind === 'keep') {
        this.#keep(id, index, to);
        continue;
      }
      const gone = this.#sql('DELETE FROM recipient WHERE message = ? AND place = ?').run(id, index);
      this.#add('recipients', -Number(gone.changes));
      touched.add(id);
    }
    for (const id of touched) this.#dropIfDone(id);
  }

  lease(
    owner: string,
    now: number,
    until: number,
    limits: Readonly<Record<TurnKind, number>>,
  ): LeasedRecipient[] {
    this.renew(owner, until);
    for (const [other, ends] of this.#owners) if (ends <= now && other !== owner) this.recover(other, now);
    const take = this.#sql(
      `UPDATE recipient SET owner = ?, state = 'active' WHERE message = ? AND place = ?`,
    );
    const read = this.#sql('SELECT * FROM message WHERE id = ?');
    const messages = new Map<number, { message: QueuedMessage; body: BodyRef }>();
    const leased: LeasedRecipient[] = [];
    let bytes = 0;
    const takeOne = (row: Row): boolean => {
      const id = number(row.message);
      let parts = messages.get(id);
      if (parts === undefined) {
        if (bytes > leasedBytesLimit) return false;
        const found = read.get(id) ?? {};
        parts = { message: messageOf(found), body: bodyOf(found) };
        messages.set(id, parts);
        if (parts.body.kind === 'inline') bytes += parts.body.bytes.length;
      }
      take.run(owner, id, number(row.place));
      const recipient = recipientOf({ ...row, owner, state: 'active' }, this.#until);
      leased.push({ recipient, message: parts.message, body: parts.body });
      return true;
    };
    for (const kind of ['fresh', 'retried'] as const) this.#turns.serve(kind, now, limits[kind], takeOne);
    return leased;
  }

  renew(owner: string, until: number): void {
    this.#alive.add(owner);
    if (until <= (this.#owners.get(owner) ?? Number.NEGATIVE_INFINITY)) return;
    this.#owners.set(owner, Math.ceil(until));
    this.#changedOwners.add(owner);
  }

  /** Of one kind only, where it is given. */
  nextDue(kind: TurnKind | null): number | null {
    const ends = [...this.#owners].filter(([name]) => !this.#alive.has(name)).map(([, until]) => until);
    const kinds: readonly TurnKind[] = kind === null ? ['fresh', 'retried'] : [kind];
    const due = kinds.map(each => this.#turns.nextDue(each) ?? Number.POSITIVE_INFINITY);
    const next = Math.min(...ends, ...due);
    return Number.isFinite(next) ? next : null;
  }

  recover(owner: string, now: number): number {
    if (!this.#owners.delete(owner)) return 0;
    this.#changedOwners.add(owner);
    const doubt = JSON.stringify({ cause: 'crash', since: now, egressId: null, host: null });
    const changed = this.#sql(
      `UPDATE recipient SET owner = NULL, state = 'in_doubt', next_attempt_at = ?, doubt = ? WHERE owner = ?
       RETURNING turn`,
    ).all(now, doubt, owner);
    for (const turn of new Set(changed.map(row => text(row.turn)))) this.#turns.wait(turn, now);
    return changed.length;
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

  orphans(files: readonly string[]): string[] {
    const named = this.#sql('SELECT 1 FROM message INDEXED BY spooled WHERE spool_file = ?');
    return files.filter(file => named.get(file) === undefined);
  }

  #keep(id: number, place: number, to: Extract<Settlement['to'], { kind: 'keep' }>): void {
    const waits = this.#sql(
      `UPDATE recipient SET state = ?1, attempts = ?2, next_attempt_at = ?3, last_egress = ?4, last_egress_since = ?5,
         last_reply = ?6, doubt = ?7, delay_told = ifnull(?8, delay_told), owner = NULL,
         turn = CASE WHEN ?2 > 0 OR ?9 THEN destination_turn(forward_path) ELSE turn END
       WHERE message = ?10 AND place = ?11 RETURNING turn`,
    ).get(
      to.state,
      to.attempts,
      Math.round(to.nextAttemptAt),
      to.lastEgress?.id ?? null,
      to.lastEgress?.since ?? null,
      to.lastReply,
      to.doubt === null ? null : JSON.stringify(to.doubt),
      to.delayTold ? 1 : null,
      to.destinationUntil === undefined ? 0 : 1,
      id,
      place,
    );
    if (waits === undefined || to.state === 'held') return;
    const turn = text(waits.turn);
    this.#turns.wait(turn, to.nextAttemptAt);
    if (to.destinationUntil !== undefined) this.#turns.putOff(turn, to.destinationUntil);
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

  #sql(source: string): StatementSync {
    return this.#statements.of(source);
  }
}
