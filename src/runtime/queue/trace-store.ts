import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { TraceEvent } from '../events.ts';
import type { Clock, Result, StoreError, Timer, TraceStore } from '../ports.ts';
import { realClock } from '../real-clock.ts';
import { prepareStateFile } from './state-file.ts';
import { storeErrorOf } from './store-error.ts';
import type { TraceAnswer, TraceRequest, TraceWorkerData } from './trace-calls.ts';
import { entriesOf } from './trace-entry.ts';

export type TraceStoreOptions = {
  /** The `state_dir`. */
  readonly directory: string;
  readonly clock?: Clock;
  /** Events are being left out; told when that begins, a whole sentence. */
  readonly onTrouble?: (message: string) => void;
};

const batchEvents = 500;
const batchMs = 250;
/** Events that may wait for the trace's thread; what comes beyond is counted and left out. */
const backlogEvents = 20_000;

/** Opens the trace in `directory`, or says in one sentence why it cannot be used. */
export async function openTraceStore(
  options: TraceStoreOptions,
): Promise<Result<SqliteTraceStore, StoreError>> {
  const prepared = await prepareStateFile(options.directory, 'trace.db');
  if (!prepared.ok) return prepared;
  const file = prepared.value;
  const { clock = realClock, onTrouble = () => undefined } = options;
  const worker = new Worker(new URL(`./trace-worker${extname(import.meta.url)}`, import.meta.url), {
    workerData: { file, now: clock.now() } satisfies TraceWorkerData,
  });
  const putAside: string[] = [];
  const opening = await new Promise<TraceAnswer>(resolve => {
    worker.on('message', (answer: TraceAnswer) => {
      if (answer.kind === 'put aside') putAside.push(answer.sentence);
      else resolve(answer);
    });
    worker.once('error', error => resolve({ kind: 'refused', error: storeErrorOf(error, file) }));
  });
  if (opening.kind === 'refused') {
    await worker.terminate();
    return { ok: false, error: opening.error };
  }
  worker.removeAllListeners('message');
  return { ok: true, value: new SqliteTraceStore(worker, { clock, onTrouble, putAside }) };
}

/**
 * The trace in SQLite, as the main thread sees it. Events are gathered for a quarter of a second and cross to the
 * trace's thread together; mail never waits for its trace, so under too much load, or on a full disk, events are left out
 * and counted.
 */
export class SqliteTraceStore implements TraceStore {
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #onTrouble: (message: string) => void;
  /** Sentences that nobody wanted to hear yet. */
  readonly #putAside: string[];
  readonly #ended: Promise<void>;
  readonly #questions = new Map<number, (events: readonly TraceEvent[]) => void>();
  #gathered: TraceEvent[] = [];
  #timer: Timer | null = null;
  #unwritten = 0;
  #tickets = 0;
  #leftOut = 0;
  #troubled = false;
  #closed = false;
  #hearPutAside: (sentence: string) => void = sentence => this.#putAside.push(sentence);

  constructor(
    worker: Worker,
    {
      clock,
      onTrouble,
      putAside,
    }: Required<Pick<TraceStoreOptions, 'clock' | 'onTrouble'>> & { putAside: string[] },
  ) {
    this.#worker = worker;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
    this.#putAside = putAside;
    worker.on('message', (answer: TraceAnswer) => this.#answered(answer));
    worker.on('error', error => this.#trouble(`The trace ended (${error.message})`));
    this.#ended = new Promise(resolve => {
      worker.once('exit', () => {
        this.#end();
        resolve();
      });
    });
  }

  /** Events that could not be kept, since the start. */
  get leftOut(): number {
    return this.#leftOut;
  }

  record(event: TraceEvent): void {
    if (this.#closed || this.#unwritten + this.#gathered.length >= backlogEvents) {
      this.#leftOut += 1;
      if (!this.#closed) this.#trouble('The trace cannot keep up with the mail');
      return;
    }
    this.#gathered.push(event);
    if (this.#gathered.length >= batchEvents) this.#flush();
    else this.#timer ??= this.#clock.timer(batchMs, () => this.#flush());
  }

  find(idOrAddress: string, limit: number): Promise<readonly TraceEvent[]> {
    if (this.#closed) return Promise.resolve([]);
    this.#flush();
    this.#tickets += 1;
    const ticket = this.#tickets;
    return new Promise(resolve => {
      this.#questions.set(ticket, resolve);
      this.#post({ kind: 'find', ticket, idOrAddress, limit, now: this.#clock.now() });
    });
  }

  onPutAside(hear: (sentence: string) => void): void {
    this.#hearPutAside = hear;
    for (const sentence of this.#putAside.splice(0)) hear(sentence);
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#flush();
      this.#closed = true;
      this.#worker.postMessage(null);
    }
    await this.#ended;
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#gathered.length === 0) return;
    const events = this.#gathered;
    this.#gathered = [];
    this.#unwritten += events.length;
    this.#post({ kind: 'write', entries: entriesOf(events), events: events.length, now: this.#clock.now() });
  }

  #post(request: TraceRequest): void {
    this.#worker.postMessage(request);
  }

  #answered(answer: TraceAnswer): void {
    if (answer.kind === 'put aside') this.#hearPutAside(answer.sentence);
    if (answer.kind === 'found') {
      this.#questions.get(answer.ticket)?.(answer.events);
      this.#questions.delete(answer.ticket);
    }
    if (answer.kind !== 'written') return;
    this.#unwritten -= answer.events;
    if (answer.result.ok) {
      this.#troubled = false;
      return;
    }
    this.#leftOut += answer.events;
    this.#trouble(answer.result.error.message);
  }

  #trouble(what: string): void {
    if (this.#troubled) return;
    this.#troubled = true;
    const sentence = what.endsWith('.') ? what : `${what}.`;
    this.#onTrouble(`${sentence} Mail goes on, but what happens to it is not traced meanwhile.`);
  }

  #end(): void {
    this.#closed = true;
    this.#leftOut += this.#unwritten + this.#gathered.length;
    this.#timer?.cancel();
    for (const resolve of this.#questions.values()) resolve([]);
    this.#questions.clear();
  }
}
