import type { Worker } from 'node:worker_threads';
import type { NewMessage, Result, Settlement, StoreError, Timer } from '../ports.ts';
import { afterThisTurn, realClock } from '../real-clock.ts';
import type {
  PackedMessage,
  StoreAnswers,
  StoreBatch,
  StoreCall,
  StoreCalls,
  StoreOperation,
} from './store-calls.ts';

/** Bounds on one commit: what is beyond waits for the next. */
const batchCalls = 1_000;
const batchBytes = 16 * 1024 * 1024;
/** Nobody waits for a settlement, so it waits so long for a call that somebody waits for, and shares its sync. */
const settleWaitMs = 5;

type Answer = StoreCalls[StoreOperation]['answer'];
type Waiting = {
  readonly call: UnpackedCall;
  readonly answer: (result: Result<Answer, StoreError>) => void;
};

/** Calls as they wait, their bodies not yet copied. */
export type UnpackedCall =
  | Exclude<StoreCall, StoreCall<'append' | 'settle'>>
  | { readonly operation: 'append'; readonly request: NewMessage }
  | {
      readonly operation: 'settle';
      readonly request: {
        readonly settlements: readonly Settlement[];
        readonly bounces: readonly NewMessage[];
      };
    };

/**
 * The way to the thread that owns the database. Calls that are made while a commit runs are the next commit: one batch
 * is under way at a time, and the larger the load, the more share the price of a sync.
 */
export class StoreThread {
  readonly #worker: Worker;
  readonly #file: string;
  readonly #onFreed: (files: readonly string[]) => void;
  readonly #onLost: (error: StoreError) => void;
  readonly #ended: Promise<void>;
  #waiting: Waiting[] = [];
  #underWay: readonly Waiting[] | null = null;
  #scheduled = false;
  #settleTimer: Timer | null = null;
  #refusal: StoreError | null = null;
  #commits = 0;

  /** `onFreed`: spool files that no row names any more. `onLost`: the thread ended unasked; told once. */
  constructor(
    worker: Worker,
    parts: {
      readonly file: string;
      readonly onFreed: (files: readonly string[]) => void;
      readonly onLost: (error: StoreError) => void;
    },
  ) {
    this.#worker = worker;
    this.#file = parts.file;
    this.#onFreed = parts.onFreed;
    this.#onLost = parts.onLost;
    worker.on('message', (answers: StoreAnswers) => this.#answered(answers));
    worker.on('error', error => this.#lose(error.message));
    this.#ended = new Promise(resolve => {
      worker.once('exit', () => {
        this.#lose('its thread ended');
        resolve();
      });
    });
  }

  get commits(): number {
    return this.#commits;
  }

  /** Gives the answer after the commit. That it is of the call's own type is the thread's promise. */
  ask<Operation extends StoreOperation>(
    call: UnpackedCall & { readonly operation: Operation },
  ): Promise<Result<StoreCalls[Operation]['answer'], StoreError>> {
    return this.#enqueue(call) as Promise<Result<StoreCalls[Operation]['answer'], StoreError>>;
  }

  /** Finishes what was asked before; what is asked after is refused. */
  async close(): Promise<void> {
    while (this.#refusal === null && (this.#underWay !== null || this.#waiting.length > 0))
      await this.ask({ operation: 'counts', request: null });
    if (this.#refusal === null) {
      this.#refusal = { kind: 'failed', message: 'The queue is closed.' };
      this.#worker.postMessage(null);
    }
    await this.#ended;
  }

  #enqueue(call: UnpackedCall): Promise<Result<Answer, StoreError>> {
    if (this.#refusal !== null) return Promise.resolve({ ok: false, error: this.#refusal });
    return new Promise(answer => {
      this.#waiting.push({ call, answer });
      this.#schedule();
    });
  }

  /** The thread is idle: what this turn brings goes together, and settlements wait for company. */
  #schedule(): void {
    if (this.#underWay !== null || this.#scheduled || this.#waiting.length === 0) return;
    if (this.#isAwaited()) {
      this.#scheduled = true;
      afterThisTurn(() => this.#send());
    } else this.#settleTimer ??= realClock.timer(settleWaitMs, () => this.#send());
  }

  /** Does somebody wait for what waits? */
  #isAwaited(): boolean {
    return this.#waiting.some(({ call }) => call.operation !== 'settle');
  }

  #send(): void {
    this.#scheduled = false;
    this.#settleTimer?.cancel();
    this.#settleTimer = null;
    if (this.#refusal !== null || this.#underWay !== null || this.#waiting.length === 0) return;
    const batch = this.#nextBatch();
    this.#underWay = batch;
    const packer = new BodyPacker();
    const calls = batch.map(({ call }) => packer.call(call));
    const bytes = packer.bytes();
    this.#commits += 1;
    const message: StoreBatch = { calls, bytes };
    this.#worker.postMessage(message, bytes === null ? [] : [bytes.buffer]);
  }

  #nextBatch(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { call } of this.#waiting) {
      if (count >= batchCalls || bytes > batchBytes) break;
      if (call.operation === 'append' && call.request.body.kind === 'inline')
        bytes += call.request.body.bytes.length;
      count += 1;
    }
    const batch = this.#waiting;
    this.#waiting = batch.splice(count);
    return batch;
  }

  #answered({ results, freedFiles }: StoreAnswers): void {
    const batch = this.#underWay ?? [];
    this.#underWay = null;
    for (const [place, { answer }] of batch.entries()) {
      const missing: StoreError = { kind: 'failed', message: 'The store gave no answer to a call.' };
      answer(results[place] ?? { ok: false, error: missing });
    }
    if (freedFiles.length > 0) this.#onFreed(freedFiles);
    if (this.#isAwaited()) this.#send();
    else this.#schedule();
  }

  #lose(detail: string): void {
    if (this.#refusal !== null) return;
    const error: StoreError = {
      kind: 'failed',
      message: `The queue in ${this.#file} cannot be used any more (${detail}): look at its disk, then start Postern again.`,
    };
    this.#refusal = error;
    const unanswered = [...(this.#underWay ?? []), ...this.#waiting];
    this.#underWay = null;
    this.#waiting = [];
    for (const { answer } of unanswered) answer({ ok: false, error });
    this.#onLost(error);
  }
}

/** Joins the bodies of a batch in one block, which goes to the other thread without a further copy. */
class BodyPacker {
  readonly #bodies: Buffer[] = [];
  #size = 0;

  call(call: UnpackedCall): StoreCall {
    if (call.operation === 'append') return { operation: 'append', request: this.#message(call.request) };
    if (call.operation !== 'settle') return call;
    const { settlements, bounces } = call.request;
    return {
      operation: 'settle',
      request: { settlements, bounces: bounces.map(bounce => this.#message(bounce)) },
    };
  }

  bytes(): Uint8Array<ArrayBuffer> | null {
    if (this.#size === 0) return null;
    const block = new Uint8Array(this.#size);
    let start = 0;
    for (const body of this.#bodies) {
      block.set(body, start);
      start += body.length;
    }
    return block;
  }

  #message({ body, ...rest }: NewMessage): PackedMessage {
    if (body.kind === 'spool') return { ...rest, body };
    const start = this.#size;
    this.#size += body.bytes.length;
    this.#bodies.push(body.bytes);
    return { ...rest, body: { kind: 'packed', start, end: this.#size } };
  }
}
