/** One line without its end, one character for each byte; or the notice that one was longer than the limit and is gone. */
export type InputLine = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'overlong' };

const overlong: InputLine = { kind: 'overlong' };
const lineFeed = 10;
const carriageReturn = 13;

/**
 * The bytes of one connection that are not read yet: taken as lines, or, where a body is under way, chunk by chunk.
 * `end` says what ends a line: `crlf` only CRLF (RFC 5321 section 2.3.8), so that a bare LF or CR stays inside its
 * line; `lf` takes an LF with or without CR, as is safe for replies, which nobody passes on.
 */
export class LineInput {
  readonly #limitBytes: number;
  readonly #end: 'crlf' | 'lf';
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  /** Where the unread part of the first chunk begins. */
  #at = 0;
  /** The part of a line that earlier chunks held. */
  #partial = '';
  #overlong = false;

  /** `limitBytes` counts a line with its end. */
  constructor(limitBytes: number, end: 'crlf' | 'lf') {
    this.#limitBytes = limitBytes;
    this.#end = end;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
  }

  /** No unread byte is here; the begun part of a line does not count. */
  get empty(): boolean {
    return this.#chunks.length === 0;
  }

  get unreadBytes(): number {
    return this.#chunkBytes - this.#at;
  }

  clear(): void {
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#at = 0;
    this.#partial = '';
    this.#overlong = false;
  }

  /** The next whole line; null: it has not come yet. */
  readLine(): InputLine | null {
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const feed = this.#findLineFeed(chunk);
      if (feed < 0) {
        this.#keep(chunk.toString('latin1', this.#at, chunk.length));
        this.#next();
        continue;
      }
      const text = this.#partial + chunk.toString('latin1', this.#at, feed + 1);
      const tooLong = this.#overlong || text.length > this.#limitBytes;
      this.#partial = '';
      this.#overlong = false;
      this.advance(feed + 1);
      if (tooLong) return overlong;
      return { kind: 'line', text: text.slice(0, text.endsWith('\r\n') ? -2 : -1) };
    }
    return null;
  }

  /** The first unread chunk and where its unread part begins; for reading what is not lines. Say with `advance` how far it was read. */
  peek(): { readonly chunk: Buffer; readonly start: number } | null {
    const [chunk] = this.#chunks;
    return chunk === undefined ? null : { chunk, start: this.#at };
  }

  /** The first chunk is read up to `end`. */
  advance(end: number): void {
    this.#at = end;
    if (end >= (this.#chunks[0]?.length ?? 0)) this.#next();
  }

  #next(): void {
    this.#chunkBytes -= this.#chunks.shift()?.length ?? 0;
    this.#at = 0;
  }

  #findLineFeed(chunk: Buffer): number {
    let feed = chunk.indexOf(lineFeed, this.#at);
    while (feed >= 0 && this.#end === 'crlf' && !this.#followsReturn(chunk, feed))
      feed = chunk.indexOf(lineFeed, feed + 1);
    return feed;
  }

  #followsReturn(chunk: Buffer, feed: number): boolean {
    if (feed > this.#at) return chunk[feed - 1] === carriageReturn;
    return this.#partial.endsWith('\r');
  }

  /** Keeps the beginning of a line; of one that is too long only its last byte, which may be the CR of its end. */
  #keep(text: string): void {
    const partial = this.#partial + text;
    if (partial.length >= this.#limitBytes) this.#overlong = true;
    this.#partial = this.#overlong ? partial.slice(-1) : partial;
  }
}
