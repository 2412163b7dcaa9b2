import { createHash } from 'node:crypto';

const headerLimitBytes = 32 * 1024;
const lineEnd = Buffer.from('\r\n');
const bodyEnd = Buffer.from('\r\n.\r\n');

/**
 * Reads a message up to CRLF.CRLF (RFC 5321 section 4.1.1.4), in chunks cut anywhere, or as chunks of BDAT.
 * Keeps the header's beginning (32 KiB) for its Message-ID, a running digest of what follows the first empty line,
 * and four bytes of the chunk before: memory is bounded whatever the size.
 */
export class ReceivedBody {
  /** Bytes of the message without dots that were stuffed. */
  sizeBytes = 0;
  /** A CR or LF stood alone: the message is to be refused (its end is still found by CRLF.CRLF only). */
  bareNewline = false;
  #tail: Buffer = lineEnd;
  #header = '';
  #headerDone = false;
  #lastByte = 10;
  readonly #hash = createHash('sha256');
  #atLineStart = true;

  /** Takes a chunk; gives what follows the final dot, or null while the message goes on. */
  take(chunk: Buffer): Buffer | null {
    const window = Buffer.concat([this.#tail, chunk]);
    const end = window.indexOf(bodyEnd);
    if (end < 0) {
      const kept = Math.min(4, window.length);
      this.#content(window.subarray(0, window.length - kept));
      this.#tail = Buffer.from(window.subarray(window.length - kept));
      return null;
    }
    this.#content(window.subarray(0, end + 2));
    return window.subarray(end + bodyEnd.length);
  }

  /** Takes a piece of a chunk as it is (RFC 3030). */
  takeRaw(chunk: Buffer): void {
    this.#skip = 0;
    this.#content(chunk, false);
  }

  /** The Message-ID field's value with its brackets, or null (RFC 5322 section 3.6.4). */
  get messageId(): string | null {
    return /^message-id:\s*(<[^<>\s]+>)/im.exec(this.#header)?.[1] ?? null;
  }

  /** SHA-256 in hexadecimal of all after the header's empty line, unstuffed. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  #skip = lineEnd.length;

  /** `bytes` of the stream in order; the CRLF that stands before the message for the search's sake is skipped. */
  #content(bytes: Buffer, stuffed = true): void {
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    let rest = bytes.subarray(skipped);
    while (rest.length > 0) {
      if (stuffed && this.#atLineStart && rest[0] === 0x2e) {
        rest = rest.subarray(1);
        this.#atLineStart = false;
        continue;
      }
      const newline = rest.indexOf(10);
      const piece = newline < 0 ? rest : rest.subarray(0, newline + 1);
      this.#piece(piece);
      this.#atLineStart = newline >= 0;
      rest = rest.subarray(piece.length);
    }
  }

  /** Part of one line, with its line end if that is in it. */
  #piece(piece: Buffer): void {
    this.sizeBytes += piece.length;
    this.#watchNewlines(piece);
    if (this.#headerDone) {
      this.#hash.update(piece);
      return;
    }
    if (this.#header.length < headerLimitBytes) this.#header += piece.toString('latin1');
    if (this.#header === '\r\n' || this.#header.endsWith('\r\n\r\n')) this.#headerDone = true;
    if (this.#header.length >= headerLimitBytes) this.#headerDone = true;
  }

  #watchNewlines(piece: Buffer): void {
    const last = piece[piece.length - 1];
    const ended = last === 10;
    const before = piece.length > 1 ? piece[piece.length - 2] : this.#lastByte;
    if (ended && before !== 13) this.bareNewline = true;
    if (this.#lastByte === 13 && piece[0] !== 10) this.bareNewline = true;
    const firstReturn = piece.indexOf(13);
    const lastPlace = ended ? piece.length - 2 : piece.length - 1;
    if (firstReturn >= 0 && firstReturn < lastPlace) this.bareNewline = true;
    this.#lastByte = last ?? this.#lastByte;
  }
}
