import type { BodyRef } from '../../decision/queue/queued.ts';
import type { BodyWriter, QueueStore, Result, StoreError } from '../ports.ts';
import { SpanList } from './span-list.ts';

/** Bodies up to this go into the message's row; larger ones stream to the spool. */
export const inlineBodyBytes = 64 * 1024;

/** What may wait in memory for the spool before the client is held. */
const pendingLimitBytes = 256 * 1024;

/**
 * The body of one message while it arrives: spans of the socket's own buffers, small ones gathered, until it is
 * either joined once for the row or, past 64 KiB, streamed to the spool. Memory stays bounded: while `congested`
 * the driver reads nothing, and `onRelief` tells when it may again.
 */
export class IncomingBody {
  readonly #store: QueueStore;
  readonly #onRelief: () => void;
  readonly #waiting = new SpanList();
  readonly #headBytes: number;
  /** Waiting, or being written. */
  #pendingBytes: number;
  #sizeBytes: number;
  #spooling: Promise<void> | null = null;
  #writer: BodyWriter | null = null;
  readonly #onStart: (start: Buffer) => void;
  #started = false;
  #failure: StoreError | null = null;
  #abandoned = false;

  /**
   * `head` is the Received field that stands before the body. `onStart` is shown, before `finish` answers, the start of
   * what follows it: the whole header section, or more of it than anybody needs.
   */
  constructor(store: QueueStore, head: Buffer, onRelief: () => void, onStart: (start: Buffer) => void) {
    this.#store = store;
    this.#onRelief = onRelief;
    this.#onStart = onStart;
    this.#headBytes = head.length;
    this.#waiting.add(head);
    this.#pendingBytes = head.length;
    this.#sizeBytes = head.length;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get congested(): boolean {
    return this.#pendingBytes > pendingLimitBytes;
  }

  add(span: Buffer): void {
    if (this.#failure !== null || this.#abandoned) return;
    this.#waiting.add(span);
    this.#pendingBytes += span.length;
    this.#sizeBytes += span.length;
    if (this.#spooling === null && this.#sizeBytes > inlineBodyBytes) this.#spooling = this.#spool();
  }

  /** The whole body, durable but for the row that will name it. */
  async finish(): Promise<Result<BodyRef, StoreError>> {
    if (this.#sizeBytes <= inlineBodyBytes) {
      const bytes = joined(this.#waiting.take(), this.#sizeBytes);
      this.#show(bytes);
      return { ok: true, value: { kind: 'inline', bytes } };
    }
    await this.#drainSpool();
    if (this.#failure !== null) return { ok: false, error: this.#failure };
    if (this.#writer === null)
      return { ok: false, error: { kind: 'failed', message: 'The spool gave no writer.' } };
    return this.#writer.finish();
  }

  /** Drops what has arrived; safe at any moment. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#waiting.take();
    await this.#spooling;
    await this.#writer?.abort();
  }

  async #drainSpool(): Promise<void> {
    while (this.#pendingBytes > 0 && this.#failure === null) {
      this.#spooling ??= this.#spool();
      await this.#spooling;
    }
    await this.#spooling;
  }

  /** Writes until nothing waits; the next span after that starts it again. */
  async #spool(): Promise<void> {
    if (this.#writer === null) {
      const opened = await this.#store.openBody();
      if (opened.ok) this.#writer = opened.value;
      else this.#fail(opened.error);
    }
    while (
      this.#writer !== null &&
      this.#waiting.sizeBytes > 0 &&
      this.#failure === null &&
      !this.#abandoned
    ) {
      const spans = this.#waiting.take();
      if (!this.#started) this.#show(Buffer.concat(spans));
      const written = await this.#writer.write(spans);
      if (!written.ok) this.#fail(written.error);
      const congested = this.congested;
      this.#pendingBytes = this.#waiting.sizeBytes;
      if (congested && !this.congested) this.#onRelief();
    }
    this.#spooling = null;
  }

  #show(start: Buffer): void {
    this.#started = true;
    this.#onStart(start.subarray(this.#headBytes));
  }

  #fail(error: StoreError): void {
    const congested = this.congested;
    this.#failure = error;
    this.#waiting.take();
    this.#pendingBytes = 0;
    if (congested) this.#onRelief();
  }
}

/**
 * Spans in a buffer of exactly their size. A body may wait in memory for hours, and a part of a larger buffer, such as
 * Node's pool or what was read from a socket, would keep all of that.
 */
function joined(spans: readonly Buffer[], sizeBytes: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(sizeBytes);
  let at = 0;
  for (const span of spans) at += span.copy(whole, at);
  return whole;
}
