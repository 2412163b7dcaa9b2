import { emptyCensus, type QueueCensus } from '../../src/decision/queue/census.ts';
import type {
  BodyRef,
  LeasedRecipient,
  MessageId,
  Outage,
  QueuedMessage,
  QueuedRecipient,
} from '../../src/decision/queue/queued.ts';
import { destinationTurn, senderTurn, type Turn } from '../../src/decision/queue/turn.ts';
import type {
  BodyWriter,
  Clock,
  LeaseLimits,
  NewMessage,
  QueueFilter,
  QueueStore,
  Result,
  Settlement,
  StoredMessage,
  StoreError,
} from '../../src/runtime/ports.ts';
import { type DueMark, MemoryTurns } from './memory-turns.ts';

type Row = {
  readonly message: QueuedMessage;
  readonly body: BodyRef;
  readonly recipients: Map<number, QueuedRecipient>;
  /** By recipient: in whose turn it waits. */
  readonly turns: Map<number, Turn>;
};

/** What outlives a crash: the committed queue and the finished spool files. */
export class MemoryDisk {
  readonly messages = new Map<MessageId, Row>();
  readonly owners = new Map<string, number>();
  readonly facts = new Map<string, string>();
  readonly files = new Map<string, Buffer>();
  readonly turns = new MemoryTurns();
  outages: readonly Outage[] = [];
  lastId: MessageId | null = null;
  recipients = 0;
  usedBytes = 0;
  filesMade = 0;
  /** What fits; mail beyond it is refused as `full`. */
  capacityBytes: number;
  /** While it is set, nothing new fits. */
  isFull = false;
  /** While it is set, nothing can be written or read, and this is why. */
  failure: string | null = null;
  /** What a sync takes beside the time of every commit. */
  syncMs = 0;
  /** Reverse-paths of all that was ever committed. */
  readonly everKept = new Set<string>();

  constructor(capacityBytes = Number.POSITIVE_INFINITY) {
    this.capacityBytes = capacityBytes;
  }

  hasRoom(bytes: number): boolean {
    return !this.isFull && this.usedBytes + bytes <= this.capacityBytes;
  }
}

const full: StoreError = { kind: 'full', message: 'The simulated disk is full.' };

/** What a crash makes of what was asked for and not yet answered; torn: what was asked first is kept, the rest is not. */
export type PendingWrite = 'dropped' | 'kept' | 'torn';

/**
 * The queue in memory, under the contract of the real one. A change is committed `commitMs` after it was asked for, all
 * that waits with it; after `crash` no promise of then is ever kept. A new store on the same disk is
 * the restart.
 */
export class MemoryStore implements QueueStore {
  readonly #clock: Clock;
  readonly #disk: MemoryDisk;
  readonly #commitMs: number;
  readonly #alive = new Set<string>();
  #waiting: (() => void)[] = [];
  #crashed = false;
  #closed = false;
  #commits = 0;

  constructor({ clock, disk, commitMs }: { clock: Clock; disk?: MemoryDisk; commitMs?: number }) {
    this.#clock = clock;
    this.#disk = disk ?? new MemoryDisk();
    this.#commitMs = commitMs ?? 1;
    const { messages, files } = this.#disk;
    const named = new Set([...messages.values()].map(({ body }) => fileOf(body)));
    for (const file of files.keys()) if (!named.has(file)) files.delete(file);
  }

  get disk(): MemoryDisk {
    return this.#disk;
  }

  get commits(): number {
    return this.#commits;
  }

  /** The process dies now. */
  crash(pending: PendingWrite = 'dropped'): void {
    this.#crashed = true;
    const kept = { dropped: 0, kept: this.#waiting.length, torn: Math.ceil(this.#waiting.length / 2) }[
      pending
    ];
    for (const change of this.#waiting.splice(0).slice(0, kept)) change();
  }

  append(message: NewMessage): Promise<Result<void, StoreError>> {
    return this.#commit(() => {
      if (!this.#disk.hasRoom(inlineBytes(message))) return { ok: false, error: full };
      if (this.#disk.messages.has(message.message.id)) return failed('This ID is taken.');
      this.#insert(message);
      return done;
    });
  }

  settle(
    settlements: readonly Settlement[],
    bounces: readonly NewMessage[] = [],
  ): Promise<Result<void, StoreError>> {
    return this.#commit(() => {
      const bytes = bounces.reduce((sum, bounce) => sum + inlineBytes(bounce), 0);
      if (bytes > 0 && !this.#disk.hasRoom(bytes)) return { ok: false, error: full };
      if (bounces.some(({ message }) => this.#disk.messages.has(message.id)))
        return failed('This ID is taken.');
      for (const settlement of settlements) this.#settleOne(settlement);
      for (const bounce of bounces) this.#insert(bounce);
      return done;
    });
  }

  openBody(): Promise<Result<BodyWriter, StoreError>> {
    return this.#commit(() => {
      if (!this.#disk.hasRoom(0)) return { ok: false, error: full };
      this.#disk.filesMade += 1;
      return { ok: true, value: this.#writer(`file-${this.#disk.filesMade}`) };
    });
  }

  readRange(body: BodyRef, start: number, end: number): Promise<Result<Buffer, StoreError>> {
    if (body.kind === 'inline') return Promise.resolve({ ok: true, value: body.bytes.subarray(start, end) });
    return this.#commit(() => {
      const bytes = this.#disk.files.get(body.file);
      if (bytes === undefined)
        return { ok: false, error: { kind: 'damaged', message: `${body.file} is gone.` } };
      return { ok: true, value: bytes.subarray(start, end) };
    });
  }

  lease(request: {
    owner: string;
    now: number;
    until: number;
    limits: LeaseLimits;
  }): Promise<Result<readonly LeasedRecipient[], StoreError>> {
    const { owner, now, until, limits } = request;
    return this.#commit(() => {
      this.#renew(owner, until);
      for (const [other, ends] of this.#disk.owners)
        if (ends <= now && other !== owner) this.#recover(other, now);
      const leased: LeasedRecipient[] = [];
      const take = ({ message, index }: DueMark): void => {
        const row = this.#disk.messages.get(message);
        const recipient = row?.recipients.get(index);
        if (row === undefined || recipient === undefined) return;
        const taken: QueuedRecipient = { ...recipient, state: 'active', lease: { owner, until } };
        row.recipients.set(index, taken);
        leased.push({ recipient: this.#shown(taken), message: row.message, body: row.body });
      };
      for (const kind of ['fresh', 'retried'] as const)
        this.#disk.turns.serve(kind, now, limits[kind], this.#stands, take);
      return { ok: true, value: leased };
    });
  }

  renew(owner: string, until: number): Promise<Result<void, StoreError>> {
    return this.#commit(() => {
      this.#renew(owner, until);
      return done;
    });
  }

  nextDue(kind?: keyof LeaseLimits): Promise<Result<number | null, StoreError>> {
    return this.#commit(() => {
      const ends = [...this.#disk.owners]
        .filter(([name]) => !this.#alive.has(name))
        .map(([, until]) => until);
      const kinds = kind === undefined ? (['fresh', 'retried'] as const) : [kind];
      const next = Math.min(...ends, ...kinds.map(each => this.#disk.turns.nextDue(each, this.#stands)));
      return { ok: true, value: Number.isFinite(next) ? next : null };
    });
  }

  recover(owner: string, now: number): Promise<Result<number, StoreError>> {
    return this.#commit(() => ({ ok: true, value: this.#recover(owner, now) }));
  }

  list(
    filter: QueueFilter,
    limit: number,
    after: MessageId | null,
  ): Promise<Result<readonly StoredMessage[], StoreError>> {
    return this.#commit(() => {
      const found: StoredMessage[] = [];
      for (const row of this.#inOrder()) {
        if (after !== null && row.message.id <= after) continue;
        const recipients = [...row.recipients.values()].filter(one => means(filter, row.message, one));
        if (recipients.length === 0) continue;
        found.push({
          message: row.message,
          body: row.body,
          recipients: recipients.map(one => this.#shown(one)),
        });
        if (found.length === limit) break;
      }
      return { ok: true, value: found };
    });
  }

  retry(filter: QueueFilter, now: number): Promise<Result<number, StoreError>> {
    return this.#change(filter, one => (one.state === 'held' ? null : { ...one, nextAttemptAt: now }));
  }

  hold(filter: QueueFilter): Promise<Result<number, StoreError>> {
    return this.#change(filter, one => (one.state === 'held' ? null : { ...one, state: 'held' }));
  }

  release(filter: QueueFilter, now: number): Promise<Result<number, StoreError>> {
    return this.#change(filter, one => {
      if (one.state !== 'held') return null;
      const waited = one.attempts > 0 ? 'deferred' : 'queued';
      return { ...one, state: one.doubt === null ? waited : 'in_doubt', nextAttemptAt: now };
    });
  }

  remove(
    filter: QueueFilter,
  ): Promise<Result<readonly { message: MessageId; forwardPath: string }[], StoreError>> {
    return this.#commit(() => {
      const removed = this.#unheldBy(filter).map(({ row, recipient }) => {
        this.#delete(row, recipient.index);
        return { message: row.message.id, forwardPath: recipient.forwardPath };
      });
      return { ok: true, value: removed };
    });
  }

  lastId(): Promise<Result<MessageId | null, StoreError>> {
    return this.#commit(() => ({ ok: true, value: this.#disk.lastId }));
  }

  outages(): Promise<Result<readonly Outage[], StoreError>> {
    return this.#commit(() => ({ ok: true, value: this.#disk.outages }));
  }

  saveOutages(outages: readonly Outage[]): Promise<Result<void, StoreError>> {
    return this.#commit(() => {
      this.#disk.outages = [...outages];
      return done;
    });
  }

  remember(key: string, value: string | null): Promise<Result<void, StoreError>> {
    return this.#commit(() => {
      if (value === null) this.#disk.facts.delete(key);
      else this.#disk.facts.set(key, value);
      return done;
    });
  }

  recall(key: string): Promise<Result<string | null, StoreError>> {
    return this.#commit(() => ({ ok: true, value: this.#disk.facts.get(key) ?? null }));
  }

  counts(): Promise<Result<{ messages: number; recipients: number }, StoreError>> {
    return this.#commit(() => ({
      ok: true,
      value: { messages: this.#disk.messages.size, recipients: this.#disk.recipients },
    }));
  }

  census(): Promise<Result<QueueCensus, StoreError>> {
    return this.#commit(() => {
      const recipients = { ...emptyCensus.recipients };
      let oldest: QueueCensus['oldest'] = null;
      for (const row of this.#disk.messages.values()) {
        let waits = false;
        for (const { state } of row.recipients.values()) {
          recipients[state] += 1;
          waits ||= state !== 'held';
        }
        const { id, receivedAt } = row.message;
        if (waits && (oldest === null || id < oldest.id)) oldest = { id, receivedAt };
      }
      return { ok: true, value: { recipients, oldest } };
    });
  }

  space(): { freeBytes: number; reserveBytes: number } {
    return { freeBytes: this.#disk.hasRoom(0) ? Number.POSITIVE_INFINITY : 0, reserveBytes: 0 };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.counts();
    this.#closed = true;
  }

  #commit<Value>(work: () => Result<Value, StoreError>): Promise<Result<Value, StoreError>> {
    if (this.#closed) return Promise.resolve(failed('The queue is closed.'));
    return new Promise(answer => {
      if (this.#crashed) return;
      this.#waiting.push(() => answer(this.#disk.failure === null ? work() : failed(this.#disk.failure)));
      if (this.#waiting.length > 1) return;
      this.#clock.timer(this.#commitMs + this.#disk.syncMs, () => {
        if (this.#waiting.length > 0) this.#commits += 1;
        const batch = this.#waiting;
        this.#waiting = [];
        for (const one of batch) one();
      });
    });
  }

  #insert({ message, body, forwardPaths, recipientDsn, lease }: NewMessage): void {
    const kept: BodyRef = body.kind === 'inline' ? { kind: 'inline', bytes: Buffer.from(body.bytes) } : body;
    const row: Row = { message, body: kept, recipients: new Map(), turns: new Map() };
    this.#disk.messages.set(message.id, row);
    this.#disk.everKept.add(message.reversePath);
    for (const [index, forwardPath] of forwardPaths.entries()) {
      const dsn = recipientDsn?.[index] ?? null;
      row.turns.set(index, senderTurn(message));
      this.#put(row, {
        message: message.id,
        index,
        forwardPath,
        state: lease === null ? 'queued' : 'active',
        attempts: 0,
        nextAttemptAt: message.receivedAt,
        lease,
        lastEgress: null,
        lastReply: null,
        doubt: null,
        ...(dsn === null ? null : { dsn }),
      });
    }
    this.#disk.recipients += forwardPaths.length;
    this.#disk.usedBytes += kept.kind === 'inline' ? kept.bytes.length : 0;
    if (lease !== null) this.#renew(lease.owner, lease.until);
    if (this.#disk.lastId === null || message.id > this.#disk.lastId) this.#disk.lastId = message.id;
  }

  #settleOne({ message, index, to }: Settlement): void {
    const row = this.#disk.messages.get(message);
    const recipient = row?.recipients.get(index);
    if (row === undefined || recipient === undefined) return;
    if (to.kind === 'done') {
      this.#delete(row, index);
      return;
    }
    const { state, attempts, nextAttemptAt, lastEgress, lastReply, doubt, delayTold, destinationUntil } = to;
    const turn = destinationTurn(recipient.forwardPath);
    if (attempts > 0 || destinationUntil !== undefined) row.turns.set(index, turn);
    this.#put(row, {
      ...recipient,
      state,
      attempts,
      nextAttemptAt,
      lastEgress,
      lastReply,
      doubt,
      lease: null,
      ...(delayTold === undefined ? null : { delayTold }),
    });
    if (destinationUntil !== undefined) this.#disk.turns.putOff(turn, destinationUntil);
  }

  #change(
    filter: QueueFilter,
    changed: (recipient: QueuedRecipient) => QueuedRecipient | null,
  ): Promise<Result<number, StoreError>> {
    return this.#commit(() => {
      let count = 0;
      for (const { row, recipient } of this.#unheldBy(filter)) {
        const next = changed(recipient);
        if (next === null) continue;
        this.#put(row, next);
        const turn = row.turns.get(next.index);
        if (next.state !== 'held' && turn !== undefined) this.#disk.turns.callUp(turn, next.nextAttemptAt);
        count += 1;
      }
      return { ok: true, value: count };
    });
  }

  #put(row: Row, recipient: QueuedRecipient): void {
    row.recipients.set(recipient.index, recipient);
    if (!isWaiting(recipient)) return;
    this.#disk.turns.wait(row.turns.get(recipient.index) ?? senderTurn(row.message), recipient);
  }

  #delete(row: Row, index: number): void {
    if (!row.recipients.delete(index)) return;
    this.#disk.recipients -= 1;
    if (row.recipients.size > 0) return;
    this.#disk.messages.delete(row.message.id);
    if (row.body.kind === 'inline') this.#disk.usedBytes -= row.body.bytes.length;
    else this.#disk.files.delete(row.body.file);
  }

  #renew(owner: string, until: number): void {
    this.#alive.add(owner);
    this.#disk.owners.set(owner, Math.max(until, this.#disk.owners.get(owner) ?? until));
  }

  #recover(owner: string, now: number): number {
    if (!this.#disk.owners.delete(owner)) return 0;
    let count = 0;
    for (const row of this.#disk.messages.values()) {
      for (const recipient of row.recipients.values()) {
        if (recipient.lease?.owner !== owner) continue;
        const doubt = { cause: 'crash', since: now, egressId: null, host: null } as const;
        this.#put(row, { ...recipient, state: 'in_doubt', nextAttemptAt: now, doubt, lease: null });
        count += 1;
      }
    }
    return count;
  }

  /** Does the recipient still wait as it did when this mark was made? */
  readonly #stands = (turn: Turn, mark: DueMark): boolean => {
    const row = this.#disk.messages.get(mark.message);
    const recipient = row?.recipients.get(mark.index);
    return (
      recipient !== undefined &&
      isWaiting(recipient) &&
      recipient.nextAttemptAt === mark.at &&
      row?.turns.get(mark.index) === turn
    );
  };

  #unheldBy(filter: QueueFilter): { row: Row; recipient: QueuedRecipient }[] {
    return this.#rowsOf(filter).flatMap(row =>
      [...row.recipients.values()]
        .filter(recipient => recipient.lease === null && means(filter, row.message, recipient))
        .map(recipient => ({ row, recipient })),
    );
  }

  /** Those among which the filter's are. */
  #rowsOf({ message }: QueueFilter): Row[] {
    if (message === undefined) return this.#inOrder();
    const row = this.#disk.messages.get(message.toUpperCase());
    return row === undefined ? [] : [row];
  }

  #inOrder(): Row[] {
    return [...this.#disk.messages.values()].sort((one, other) =>
      one.message.id < other.message.id ? -1 : 1,
    );
  }

  /** A lease holds as long as its owner's last word says. */
  #shown(recipient: QueuedRecipient): QueuedRecipient {
    if (recipient.lease === null) return recipient;
    const { owner, until } = recipient.lease;
    return { ...recipient, lease: { owner, until: this.#disk.owners.get(owner) ?? until } };
  }

  #writer(file: string): BodyWriter {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    return {
      write: written =>
        this.#commit(() => {
          sizeBytes += written.reduce((sum, chunk) => sum + chunk.length, 0);
          if (!this.#disk.hasRoom(sizeBytes)) return { ok: false, error: full };
          chunks.push(...written.map(chunk => Buffer.from(chunk)));
          return done;
        }),
      finish: () =>
        this.#commit(() => {
          this.#disk.files.set(file, Buffer.concat(chunks));
          return { ok: true, value: { kind: 'spool', file, sizeBytes } };
        }),
      abort: async () => {
        await this.#commit(() => {
          this.#disk.files.delete(file);
          return done;
        });
      },
    };
  }
}

const done = { ok: true, value: undefined } as const;

function failed(message: string): Result<never, StoreError> {
  return { ok: false, error: { kind: 'failed', message } };
}

function isWaiting(recipient: QueuedRecipient): boolean {
  return recipient.lease === null && recipient.state !== 'held';
}

function fileOf(body: BodyRef): string | null {
  return body.kind === 'spool' ? body.file : null;
}

function inlineBytes({ body }: NewMessage): number {
  return body.kind === 'inline' ? body.bytes.length : 0;
}

function means(filter: QueueFilter, message: QueuedMessage, recipient: QueuedRecipient): boolean {
  const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
  const { forwardPath } = recipient;
  return (
    (filter.message === undefined || same(filter.message, message.id)) &&
    (filter.reversePath === undefined || same(filter.reversePath, message.reversePath)) &&
    (filter.forwardPath === undefined || same(filter.forwardPath, forwardPath)) &&
    (filter.domain === undefined ||
      same(filter.domain, forwardPath.slice(forwardPath.lastIndexOf('@') + 1))) &&
    (filter.state === undefined || filter.state === recipient.state)
  );
}
