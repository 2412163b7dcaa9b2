const crlf = Buffer.from('\r\n');
const carriageReturn = crlf.subarray(0, 1);
const lineFeed = crlf.subarray(1, 2);
const dot = Buffer.from('.');

const CR = 13;
const LF = 10;
const DOT = 46;

/** What a body may hold that is not plain text: a line that begins with a dot, a bare CR (or one at the chunk's end), a bare LF. */
const notPlain = /\r\n\.|\r(?!\n)|(?<!\r)\n/g;
const dottedLine = /\r\n\./g;

/** What stands before the next byte: inside a line, after a CR, at a line's start, after its first dot, after that dot and CR. */
type Edge = 'text' | 'cr' | 'lineStart' | 'dot' | 'dotCr';

export type Span = (chunk: Buffer, start: number, end: number) => void;

/**
 * Reads the body of DATA: takes the stuffed dots out and finds its end (RFC 5321 section 4.5.2).
 * Only CRLF.CRLF ends it, and only after a true CRLF is a dot taken out. A bare CR or LF is either remembered in
 * `bareNewlineSeen`, and the rest of the body passes over unread but for its end, or becomes CRLF; never anything else.
 * Any other byte, NUL too, is passed as it came (section 4.1.1.4). Spans are of the chunks themselves, without copies.
 */
export class DotReader {
  readonly #bareNewline: 'refuse' | 'clean';
  readonly #span: Span;
  #edge: Edge = 'lineStart';
  #bareNewlineSeen = false;
  #sizeBytes = 0;

  constructor(bareNewline: 'refuse' | 'clean', span: Span) {
    this.#bareNewline = bareNewline;
    this.#span = span;
  }

  /** Bytes passed so far, unstuffed. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get bareNewlineSeen(): boolean {
    return this.#bareNewlineSeen;
  }

  /** Reads `chunk` from `start` on. Gives the place after the body's end, or -1 where it has not come. */
  read(chunk: Buffer, start: number): number {
    let at = start;
    let text = '';
    while (at < chunk.length) {
      if (this.#edge === 'text') {
        text ||= chunk.toString('latin1', start, chunk.length);
        at = this.#readText(chunk, at, text, start);
      } else if (this.#edge === 'dotCr' && chunk[at] === LF) return at + 1;
      else at = this.#readEdge(chunk, at);
    }
    return -1;
  }

  /** Decides on one byte that follows something undecided; gives the place of the first byte not read. */
  #readEdge(chunk: Buffer, at: number): number {
    const byte = chunk[at];
    switch (this.#edge) {
      case 'cr':
        if (byte === LF) {
          this.#pass(chunk, at, at + 1);
          this.#edge = 'lineStart';
          return at + 1;
        }
        this.#bare();
        this.#pass(lineFeed, 0, 1);
        break;
      case 'lineStart':
        if (byte === DOT) {
          this.#edge = 'dot';
          return at + 1;
        }
        break;
      case 'dot':
        if (byte === CR) {
          this.#edge = 'dotCr';
          return at + 1;
        }
        break;
      case 'dotCr':
        this.#bare();
        this.#pass(crlf, 0, 2);
        break;
      case 'text':
        break;
      default:
        this.#edge satisfies never;
    }
    this.#edge = 'text';
    return at;
  }

  /** Passes text up to the next thing that needs a decision. `text` is `chunk` from `origin` on, one character for each byte. */
  #readText(chunk: Buffer, at: number, text: string, origin: number): number {
    const refused = this.#bareNewlineSeen && this.#bareNewline === 'refuse';
    const pattern = refused ? dottedLine : notPlain;
    let from = at;
    let search = at;
    for (;;) {
      pattern.lastIndex = search - origin;
      if (!pattern.test(text)) {
        this.#pass(chunk, from, chunk.length);
        const last = chunk.length > search ? chunk[chunk.length - 1] : undefined;
        if (last === CR) this.#edge = 'cr';
        else if (last === LF && chunk[chunk.length - 2] === CR) this.#edge = 'lineStart';
        return chunk.length;
      }
      const end = origin + pattern.lastIndex;
      const found = chunk[end - 1];
      if (found === DOT) {
        this.#pass(chunk, from, end - 1);
        this.#edge = 'dot';
        return end;
      }
      if (found === CR) {
        this.#pass(chunk, from, end);
        this.#edge = 'cr';
        return end;
      }
      this.#bare();
      if (this.#bareNewline === 'refuse') return end;
      this.#pass(chunk, from, end - 1);
      this.#pass(carriageReturn, 0, 1);
      from = end - 1;
      search = end;
    }
  }

  #bare(): void {
    this.#bareNewlineSeen = true;
  }

  #pass(chunk: Buffer, start: number, end: number): void {
    if (start === end) return;
    this.#sizeBytes += end - start;
    if (!this.#bareNewlineSeen || this.#bareNewline === 'clean') this.#span(chunk, start, end);
  }
}

const stuffing = Buffer.from('\r\n.');

/**
 * Stuffs dots into a body on its way out (RFC 5321 section 4.5.2). The body's line ends are CRLF; where the last
 * one is missing, `end` puts it.
 */
export class DotStuffer {
  #beforePrevious = CR;
  #previous = LF;

  /** The chunk as it goes over the wire: spans of it, with a dot before each line's leading dot. */
  stuff(chunk: Buffer): Buffer[] {
    if (chunk.length === 0) return [];
    const spans: Buffer[] = [];
    let from = 0;
    for (let leading = this.#leadingDot(chunk); leading >= 0; leading = nextDot(chunk, leading + 1)) {
      if (leading > from) spans.push(chunk.subarray(from, leading));
      spans.push(dot);
      from = leading;
    }
    spans.push(from === 0 ? chunk : chunk.subarray(from));
    this.#beforePrevious = chunk.length > 1 ? (chunk[chunk.length - 2] ?? 0) : this.#previous;
    this.#previous = chunk[chunk.length - 1] ?? 0;
    return spans;
  }

  /** What must follow so that the final line is whole, without the dot that ends the body. */
  end(): Buffer[] {
    if (this.#previous === LF && this.#beforePrevious === CR) return [];
    return [this.#previous === CR ? lineFeed : crlf];
  }

  /** The place of the chunk's first dot that begins a line, which may have begun in the chunk before. */
  #leadingDot(chunk: Buffer): number {
    if (this.#previous === LF && this.#beforePrevious === CR && chunk[0] === DOT) return 0;
    if (this.#previous === CR && chunk[0] === LF && chunk[1] === DOT) return 1;
    return nextDot(chunk, 0);
  }
}

function nextDot(chunk: Buffer, start: number): number {
  const at = chunk.indexOf(stuffing, start);
  return at < 0 ? -1 : at + 2;
}
