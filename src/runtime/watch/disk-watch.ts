import type { EventStream } from '../events.ts';
import type { Clock, QueueStore, Timer } from '../ports.ts';
import { Trouble } from './trouble.ts';

export type DiskWatchParts = {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly store: QueueStore;
};

const lookEveryMs = 30_000;
/** Beside what is kept for the mail already taken: with less the operator is told, while mail is still taken. */
const marginBytes = 192 * 1024 * 1024;
/** Free again is what is this much above the mark. */
const easeBytes = 64 * 1024 * 1024;
/** A write that takes longer is slow; two in a row are told, and two that are not end it. */
const slowMs = 900;
const slowLooks = 2;
const slowLookEveryMs = 5_000;
/** A disk that has not answered for so long is told without waiting for its answer. */
const silentMs = 15_000;
/** A failure that was met in use stands so long. */
const failureStandsMs = 90_000;
const probeKey = 'disk_probe';

/** Looks whether the queue can still be written, and tells of a disk that is full, failing, slow or nearly full. */
export class DiskWatch {
  readonly #parts: DiskWatchParts;
  readonly #trouble: Trouble;
  #unwritable: string | null = null;
  #failure: { readonly at: number; readonly why: string } | null = null;
  /** Looks in a row that were not as the verdict on the disk's pace is. */
  #otherwise = 0;
  #slow = false;
  #timer: Timer | null = null;
  #looking: Promise<void> | null = null;
  #unsubscribe: (() => void) | null = null;
  #stopped = false;

  constructor(parts: DiskWatchParts) {
    this.#parts = parts;
    this.#trouble = new Trouble('disk', parts.clock, parts.events);
  }

  /** Why no new mail can be stored; null where it can. */
  get unwritable(): string | null {
    return this.#unwritable;
  }

  start(): void {
    const { clock, events } = this.#parts;
    this.#unsubscribe = events.subscribe(event => {
      if (event.kind !== 'warning' || event.subject !== 'disk') return;
      this.#failure = { at: clock.monotonic(), why: event.message };
      this.#judge(null);
    });
    this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe?.();
    this.#timer?.cancel();
    await this.#looking;
  }

  #look(): void {
    const { clock } = this.#parts;
    this.#looking = this.#try().then(() => {
      if (this.#stopped) return;
      const waitMs = this.#otherwise > 0 ? slowLookEveryMs : lookEveryMs;
      this.#timer = clock.timer(waitMs, () => this.#look());
    });
  }

  async #try(): Promise<void> {
    const { clock, store } = this.#parts;
    const began = clock.monotonic();
    const silence = clock.timer(silentMs, () => {
      if (!this.#stopped) this.#judge(silent);
    });
    const written = await store.remember(probeKey, String(clock.now()));
    silence.cancel();
    if (this.#stopped) return;
    const tookMs = clock.monotonic() - began;
    if (written.ok) this.#pace(tookMs > slowMs);
    this.#judge(written.ok ? null : written.error.message, tookMs);
  }

  #pace(slow: boolean): void {
    this.#otherwise = slow === this.#slow ? 0 : this.#otherwise + 1;
    if (this.#otherwise < slowLooks) return;
    this.#slow = slow;
    this.#otherwise = 0;
  }

  #judge(unwritten: string | null, tookMs = 0): void {
    const { clock, store } = this.#parts;
    const { freeBytes, reserveBytes } = store.space();
    const failed =
      this.#failure !== null && clock.monotonic() - this.#failure.at < failureStandsMs ? this.#failure : null;
    const full =
      freeBytes < reserveBytes
        ? `The queue's disk has only ${megabytes(freeBytes)} free, which are kept for the mail already taken: new mail is put off until there is room.`
        : null;
    this.#unwritable = unwritten ?? full ?? failed?.why ?? null;
    const mark = reserveBytes + marginBytes + (this.#trouble.lasts ? easeBytes : 0);
    if (this.#unwritable !== null) this.#trouble.begins(this.#unwritable);
    else if (this.#slow) this.#trouble.begins(slowText(tookMs), 'slow');
    else if (freeBytes >= mark) this.#trouble.ends('The queue can be written, and its disk has room.');
    else {
      this.#trouble.begins(
        `The queue's disk has only ${megabytes(freeBytes)} free; below ${megabytes(reserveBytes)} no new mail is taken. Free some space.`,
        'low',
      );
    }
  }
}

const silent = `The queue's disk has not answered a write for ${silentMs / 1_000} seconds: nobody is told that mail is taken until it does. See in the kernel's log what it waits for.`;

function slowText(tookMs: number): string {
  return `The queue's disk took ${(tookMs / 1_000).toFixed(1)} seconds for one write, and was as slow before: mail is taken and passed on, but slowly. See what else uses that disk, and whether it is sound.`;
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1_000_000)} MB`;
}
