import type { Span } from './data.ts';

const carriageReturn = Buffer.from('\r');
const lineFeed = Buffer.from('\n');
const crlf = Buffer.from('\r\n');
const LF = 10;

/** A CR without its LF (or one at the chunk's end), an LF without its CR. */
const bareNewline = /\r(?!\n)|(?<!\r)\n/g;

/**
 * Reads the body that BDAT sends (RFC 3030): its octets as they are, no dot is taken out, and chunks may end anywhere, in
 * the middle of a CRLF too. As in `DotReader` a bare CR or LF is remembered, and either becomes CRLF or the rest is
 * counted and not passed. Spans are of the chunks themselves, without copies.
 */
export class ChunkReader {
  readonly #bareNewline: 'refuse' | 'clean';
  readonly #span: Span;
  #bareNewlineSeen = false;
  #sizeBytes = 0;
  /** What the last byte was: a line's end, a CR whose LF may follow, or text. */
  #edge: 'lineStart' | 'cr' | 'text' = 'lineStart';

  constructor(bareNewline: 'refuse' | 'clean', span: Span) {
    this.#bareNewline = bareNewline;
    this.#span = span;
  }

  /** Bytes passed so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get bareNewlineSeen(): boolean {
    return this.#bareNewlineSeen;
  }

  /** Passes `chunk` from `start` to `end`. */
  read(chunk: Buffer, start: number, end: number): void {
    if (start >= end) return;
    if (this.#bareNewlineSeen && this.#bareNewline === 'refuse') {
      this.#sizeBytes += end - start;
      return;
    }
    const afterCr = this.#edge === 'cr';
    if (afterCr && chunk[start] !== LF) this.#bare(lineFeed);
    const text = chunk.toString('latin1', start, end);
    const last = text.length - 1;
    let from = start;
    bareNewline.lastIndex = 0;
    for (let found = bareNewline.exec(text); found !== null; found = bareNewline.exec(text)) {
      const isReturn = found[0] === '\r';
      if (isReturn ? found.index === last : found.index === 0 && afterCr) continue;
      const at = start + found.index;
      if (isReturn) {
        this.#pass(chunk, from, at + 1);
        this.#bare(lineFeed);
        from = at + 1;
      } else {
        this.#pass(chunk, from, at);
        this.#bare(carriageReturn);
        from = at;
      }
      if (this.#bareNewline === 'refuse') break;
    }
    this.#pass(chunk, from, end);
    this.#edge = text[last] === '\r' ? 'cr' : text[last] === '\n' ? 'lineStart' : 'text';
  }

  /** The last chunk has passed: a final line without its end gets it. */
  end(): void {
    if (this.#edge === 'cr') this.#bare(lineFeed);
    else if (this.#edge === 'text') this.#pass(crlf, 0, crlf.length);
    this.#edge = 'lineStart';
  }

  #bare(missing: Buffer): void {
    this.#bareNewlineSeen = true;
    this.#pass(missing, 0, 1);
  }

  #pass(chunk: Buffer, start: number, end: number): void {
    if (start === end) return;
    this.#sizeBytes += end - start;
    if (!this.#bareNewlineSeen || this.#bareNewline === 'clean') this.#span(chunk, start, end);
  }
}
