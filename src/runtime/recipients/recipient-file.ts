import { mostRecipients, RecipientList } from '../../decision/admission/recipient-list.ts';
import type { Clock, Files, Timer } from '../ports.ts';

const mostBytes = 64 * 1024 * 1024;
/** Lines that are read without a pause. */
const portionLines = 20_000;
/** A list that has lost somebody is believed after it has stood unchanged so long; */
const someLostMs = 10_000;
/** one that has lost more than half, or ends in the middle of a line, after this: it may be half written. The first list
 * of a life may wait for its last line end so long as one that has lost somebody. */
const manyLostMs = 30_000;
/** A file that cannot be read is tried again, whatever the watch says. */
const retryMs = 30_000;

export type RecipientFileParts = {
  readonly files: Files;
  readonly clock: Clock;
  /** The trouble with the file in a sentence or more; null: there is none (any more). */
  readonly tell: (trouble: string | null) => void;
};

/**
 * The list of recipients in a file of the operator's, read again when it changes. What cannot be read, is empty, or
 * looks half written does not replace the last good list.
 */
export class RecipientFile {
  readonly path: string;
  readonly #parts: RecipientFileParts;
  readonly #watch: { close(): void };
  #list: RecipientList | null = null;
  /** Read, and not believed yet; `since` (monotonic): when it was first seen as it is. */
  #doubted: { readonly bytes: Buffer; readonly since: number } | null = null;
  #timer: Timer | null = null;
  #reading = false;
  #again = false;
  #closed = false;

  constructor(path: string, parts: RecipientFileParts) {
    this.path = path;
    this.#parts = parts;
    this.#watch = parts.files.watch(path, () => void this.read());
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#watch.close();
  }

  /** Is the recipient listed? `unsure`: there was no good list yet. */
  answer(forwardPath: string): 'known' | 'unknown' | 'unsure' {
    if (this.#list === null) return 'unsure';
    return this.#list.has(forwardPath) ? 'known' : 'unknown';
  }

  /** Looks at the file now. */
  async read(): Promise<void> {
    if (this.#closed) return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    this.#timer?.cancel();
    do {
      this.#again = false;
      await this.#readOnce();
    } while (this.#again && !this.#closed);
    this.#reading = false;
  }

  async #readOnce(): Promise<void> {
    const read = await this.#parts.files.read(this.path, mostBytes);
    if (this.#closed) return;
    if (!read.ok) return this.#keepOld(read.error);
    const list = await this.#parse(read.value);
    if (this.#closed) return;
    if (list === null) return this.#keepOld(`${this.path} lists more than ${mostRecipients} recipients.`);
    if (list.size === 0) {
      const why = list.bad > 0 ? ` (line ${list.firstBad} is no address)` : '';
      return this.#keepOld(`${this.path} lists no recipient${why}.`);
    }
    const waitMs = this.#doubtMs(list, read.value);
    if (waitMs > 0) return this.#readAgain(waitMs);
    this.#doubted = null;
    this.#list = list;
    this.#parts.tell(
      list.bad === 0
        ? null
        : `${list.bad} lines of ${this.path} are no address, line ${list.firstBad} the first; the other lines are ` +
            'used. Write one address or local part a line.',
    );
  }

  async #parse(bytes: Buffer): Promise<RecipientList | null> {
    const list = new RecipientList();
    let lines = 0;
    for (let start = 0; start < bytes.length; ) {
      const feed = bytes.indexOf(10, start);
      const end = feed < 0 ? bytes.length : feed;
      if (!list.add(bytes.toString('utf8', start, Math.min(end, start + 1_000)))) return null;
      start = end + 1;
      lines += 1;
      if (lines % portionLines === 0) await this.#parts.clock.sleep(1);
    }
    return list;
  }

  /** How long it must stand unchanged yet before it is believed; 0: it is. */
  #doubtMs(list: RecipientList, bytes: Buffer): number {
    const now = this.#parts.clock.monotonic();
    if (this.#doubted?.bytes.equals(bytes) !== true) this.#doubted = { bytes, since: now };
    const lost = this.#list === null ? 0 : list.lacks(this.#list);
    const unended = bytes.at(-1) !== 10;
    const many = unended || lost > (this.#list?.size ?? 0) / 2;
    const firstMs = unended ? someLostMs : 0;
    const laterMs = many ? manyLostMs : lost > 0 ? someLostMs : 0;
    const neededMs = this.#list === null ? firstMs : laterMs;
    return Math.max(0, this.#doubted.since + neededMs - now);
  }

  #readAgain(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.timer(ms, () => void this.read());
  }

  #keepOld(why: string): void {
    this.#doubted = null;
    this.#readAgain(retryMs);
    const meanwhile =
      this.#list === null
        ? 'Until it can be used, whether a recipient exists is unknown, and when_unknown holds.'
        : `The last good list, of ${this.#list.size} recipients, is used on.`;
    this.#parts.tell(
      `${why} ${meanwhile} Write one address or local part a line, to a new file, and rename it.`,
    );
  }
}
