import { open } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { emptyCensus, joinedCensus, type QueueCensus } from '../../decision/queue/census.ts';
import type { BodyRef, LeasedRecipient, MessageId, Outage } from '../../decision/queue/queued.ts';
import type {
  BodyWriter,
  LeaseLimits,
  NewMessage,
  QueueFilter,
  QueueStore,
  Result,
  Settlement,
  StoredMessage,
  StoreError,
} from '../ports.ts';
import { freeBytesBeside } from './free-space.ts';
import { type OpenFileForWriting, Spool } from './spool.ts';
import { prepareStateFile } from './state-file.ts';
import type { OperatorChange, Step, StoreOpening, StoreWorkerData } from './store-calls.ts';
import { full, storeErrorOf } from './store-error.ts';
import { StoreThread, type UnpackedCall } from './store-thread.ts';

export type SqliteStoreOptions = {
  /** The `state_dir`: made, for this user alone, where it is not there yet. */
  readonly directory: string;
  /** The most that the database may hold; without it, what the disk holds. */
  readonly maxBytes?: number;
  /** Room on the disk that new mail may not take, so that mail under way can still be settled. */
  readonly reserveBytes?: number;
  /** The store's thread ended unasked; nothing can be kept any more. Told once. */
  readonly onLost?: (error: StoreError) => void;
  /** Opens spool files; another one only to try what a full disk does. */
  readonly openSpoolFile?: OpenFileForWriting;
};

const defaultReserveBytes = 64 * 1024 * 1024;

/**
 * Opens the queue in `directory`, or says in one sentence why it cannot be used. What was cut short by a crash is put
 * in order: spool files that no message names are removed.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Result<SqliteStore, StoreError>> {
  const { directory } = options;
  const prepared = await prepareStateFile(directory, 'queue.db');
  if (!prepared.ok) return prepared;
  const file = prepared.value;
  const reserveBytes = options.reserveBytes ?? defaultReserveBytes;
  const workerData: StoreWorkerData = { file, maxBytes: options.maxBytes ?? null, reserveBytes };
  const worker = new Worker(new URL(`./store-worker${extname(import.meta.url)}`, import.meta.url), {
    workerData,
  });
  const opening = await new Promise<StoreOpening>(resolve => {
    worker.once('message', resolve);
    worker.once('error', error => resolve({ ok: false, error: storeErrorOf(error, file) }));
  });
  if (!opening.ok) {
    await worker.terminate();
    return opening;
  }
  const spool = await Spool.open(join(directory, 'spool'), opening.value.starts, options.openSpoolFile);
  if (!spool.ok) {
    await worker.terminate();
    return spool;
  }
  await syncDirectory(directory);
  await syncDirectory(dirname(directory));
  const store = new SqliteStore(file, worker, spool.value, reserveBytes, options.onLost ?? (() => undefined));
  await store.removeOrphans();
  return { ok: true, value: store };
}

/** The queue in SQLite, as the main thread sees it: rows by its thread, large bodies by the spool. */
export class SqliteStore implements QueueStore {
  readonly #file: string;
  readonly #thread: StoreThread;
  readonly #spool: Spool;
  readonly #reserveBytes: number;
  #closing: Promise<void> | null = null;

  constructor(
    file: string,
    worker: Worker,
    spool: Spool,
    reserveBytes: number,
    onLost: (error: StoreError) => void,
  ) {
    this.#file = file;
    this.#spool = spool;
    this.#reserveBytes = reserveBytes;
    const onFreed = (files: readonly string[]): void => void spool.discard(files);
    this.#thread = new StoreThread(worker, { file, onFreed, onLost });
  }

  /** Commits asked for so far. */
  get commits(): number {
    return this.#thread.commits;
  }

  append(message: NewMessage): Promise<Result<void, StoreError>> {
    return this.#done({ operation: 'append', request: message });
  }

  settle(
    settlements: readonly Settlement[],
    bounces: readonly NewMessage[] = [],
  ): Promise<Result<void, StoreError>> {
    return this.#done({ operation: 'settle', request: { settlements, bounces } });
  }

  async openBody(): Promise<Result<BodyWriter, StoreError>> {
    const free = freeBytesBeside(this.#file);
    if (free < this.#reserveBytes) return { ok: false, error: full(this.#file, free) };
    return this.#spool.create();
  }

  async readRange(body: BodyRef, start: number, end: number): Promise<Result<Buffer, StoreError>> {
    if (body.kind === 'inline') return { ok: true, value: body.bytes.subarray(start, end) };
    return this.#spool.read(body.file, start, Math.min(end, body.sizeBytes));
  }

  async lease(request: {
    owner: string;
    now: number;
    until: number;
    limits: LeaseLimits;
  }): Promise<Result<readonly LeasedRecipient[], StoreError>> {
    const leased = await this.#thread.ask({ operation: 'lease', request });
    if (!leased.ok) return leased;
    const bodies = new Map<BodyRef, BodyRef>();
    return {
      ok: true,
      value: leased.value.map(one => {
        const body = bodies.get(one.body) ?? received(one.body);
        bodies.set(one.body, body);
        return { recipient: one.recipient, message: one.message, body };
      }),
    };
  }

  renew(owner: string, until: number): Promise<Result<void, StoreError>> {
    return this.#done({ operation: 'renew', request: { owner, until } });
  }

  nextDue(kind: keyof LeaseLimits | null = null): Promise<Result<number | null, StoreError>> {
    return this.#thread.ask({ operation: 'nextDue', request: kind });
  }

  recover(owner: string, now: number): Promise<Result<number, StoreError>> {
    return this.#thread.ask({ operation: 'recover', request: { owner, now } });
  }

  /** Pages of `limit` messages are full but for the last; inline bodies come along, so memory goes with `limit`. */
  async list(
    filter: QueueFilter,
    limit: number,
    after: MessageId | null,
  ): Promise<Result<readonly StoredMessage[], StoreError>> {
    const found: StoredMessage[] = [];
    const walked = await this.#walk(after, async from => {
      const request = { filter, after: from, limit: limit - found.length };
      const step = await this.#thread.ask({ operation: 'list', request });
      if (!step.ok) return step;
      found.push(...step.value.found.map(one => ({ ...one, body: received(one.body) })));
      return { ok: true, value: { found: null, next: found.length < limit ? step.value.next : null } };
    });
    return walked.ok ? { ok: true, value: found } : walked;
  }

  retry(filter: QueueFilter, now: number): Promise<Result<number, StoreError>> {
    return this.#change('retry', filter, now);
  }

  hold(filter: QueueFilter): Promise<Result<number, StoreError>> {
    return this.#change('hold', filter, 0);
  }

  release(filter: QueueFilter, now: number): Promise<Result<number, StoreError>> {
    return this.#change('release', filter, now);
  }

  async remove(
    filter: QueueFilter,
  ): Promise<Result<readonly { message: MessageId; forwardPath: string }[], StoreError>> {
    const removed: { message: MessageId; forwardPath: string }[] = [];
    const walked = await this.#walk(null, async after => {
      const step = await this.#thread.ask({ operation: 'remove', request: { filter, after } });
      if (step.ok) removed.push(...step.value.found);
      return step;
    });
    return walked.ok ? { ok: true, value: removed } : walked;
  }

  lastId(): Promise<Result<MessageId | null, StoreError>> {
    return this.#thread.ask({ operation: 'lastId', request: null });
  }

  outages(): Promise<Result<readonly Outage[], StoreError>> {
    return this.#thread.ask({ operation: 'outages', request: null });
  }

  saveOutages(outages: readonly Outage[]): Promise<Result<void, StoreError>> {
    return this.#done({ operation: 'saveOutages', request: outages });
  }

  remember(key: string, value: string | null): Promise<Result<void, StoreError>> {
    return this.#done({ operation: 'remember', request: { key, value } });
  }

  recall(key: string): Promise<Result<string | null, StoreError>> {
    return this.#thread.ask({ operation: 'recall', request: key });
  }

  counts(): Promise<Result<{ messages: number; recipients: number }, StoreError>> {
    return this.#thread.ask({ operation: 'counts', request: null });
  }

  async census(): Promise<Result<QueueCensus, StoreError>> {
    let census = emptyCensus;
    const walked = await this.#walk(null, async after => {
      const step = await this.#thread.ask({ operation: 'census', request: { after } });
      if (step.ok) census = joinedCensus(census, step.value.found);
      return step;
    });
    return walked.ok ? { ok: true, value: census } : walked;
  }

  space(): { freeBytes: number; reserveBytes: number } {
    return { freeBytes: freeBytesBeside(this.#file), reserveBytes: this.#reserveBytes };
  }

  /** Finishes what was asked before; what is asked after is refused. */
  close(): Promise<void> {
    this.#closing ??= this.#thread.close().then(() => this.#spool.close());
    return this.#closing;
  }

  /** For the start: removes spool files that a crash left without a row. Gives their number. */
  removeOrphans(): Promise<number> {
    return this.#spool.removeOrphans(async files => {
      const orphans = await this.#thread.ask({ operation: 'orphans', request: files });
      return orphans.ok ? orphans.value : [];
    });
  }

  async #change(
    change: OperatorChange,
    filter: QueueFilter,
    now: number,
  ): Promise<Result<number, StoreError>> {
    let changed = 0;
    const walked = await this.#walk(null, async after => {
      const request = { filter, after, change, now };
      const step = await this.#thread.ask({ operation: 'change', request });
      if (step.ok) changed += step.value.found;
      return step;
    });
    return walked.ok ? { ok: true, value: changed } : walked;
  }

  /** Walks over the queue in steps, each in a commit of its own, so that mail goes on meanwhile. */
  async #walk(
    from: MessageId | null,
    step: (after: MessageId | null) => Promise<Result<Step<unknown>, StoreError>>,
  ): Promise<Result<null, StoreError>> {
    let after = from;
    for (;;) {
      const stepped = await step(after);
      if (!stepped.ok) return stepped;
      after = stepped.value.next;
      if (after === null) return { ok: true, value: null };
    }
  }

  async #done(call: UnpackedCall): Promise<Result<void, StoreError>> {
    const result = await this.#thread.ask(call);
    return result.ok ? { ok: true, value: undefined } : result;
  }
}

/** Between threads a Buffer arrives as a plain array of bytes. */
function received(body: BodyRef): BodyRef {
  if (body.kind === 'spool') return body;
  const { buffer, byteOffset, byteLength } = body.bytes;
  return { kind: 'inline', bytes: Buffer.from(buffer, byteOffset, byteLength) };
}

/** So that a new file's name in it survives a loss of power. Where a directory cannot be synced, nothing is lost by going on. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    await using handle = await open(directory);
    await handle.sync();
  } catch {
    // Some file systems refuse to sync a directory, and keep names by themselves.
  }
}
