/** Cuts a stream of bytes into lines, bounded: null once a line is longer than it may be. */
export class LineReader {
  readonly #mostBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  push(chunk: Buffer): string[] | null {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      if (!this.#keep(chunk.subarray(start, end))) return null;
      lines.push(Buffer.concat(this.#pending).toString('utf8'));
      this.#pending = [];
      this.#pendingBytes = 0;
      start = end + 1;
    }
    return this.#keep(chunk.subarray(start)) ? lines : null;
  }

  #keep(piece: Buffer): boolean {
    if (piece.length > 0) this.#pending.push(piece);
    this.#pendingBytes += piece.length;
    return this.#pendingBytes <= this.#mostBytes;
  }
}
