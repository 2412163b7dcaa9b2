/** A span below this is gathered: to hold it by itself costs more memory than its bytes. */
const smallBytes = 512;
const gatherBytes = 2_048;

/**
 * Spans of bytes in their order, as they arrived. Those that are most of their buffer are kept without a copy, others
 * gathered in blocks: so what a list holds goes with its bytes, however a client cuts them up (a byte at a time, dots on every
 * line), and whatever else came in the same buffer.
 */
export class SpanList {
  #spans: Buffer[] = [];
  #sizeBytes = 0;
  #block: Buffer | null = null;
  /** The part of the block that no span has yet. */
  #from = 0;
  #used = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  add(span: Buffer): void {
    this.#sizeBytes += span.length;
    if (span.length >= smallBytes && span.buffer.byteLength <= 2 * span.length) {
      this.#closeGathered();
      this.#spans.push(span);
      return;
    }
    if (this.#block === null || this.#used + span.length > this.#block.length) {
      this.#closeGathered();
      this.#block = Buffer.allocUnsafeSlow(Math.max(gatherBytes, span.length));
      this.#from = 0;
      this.#used = 0;
    }
    this.#used += span.copy(this.#block, this.#used);
  }

  /** All spans so far; the list is empty afterwards. */
  take(): Buffer[] {
    this.#closeGathered();
    this.#block = null;
    const spans = this.#spans;
    this.#spans = [];
    this.#sizeBytes = 0;
    return spans;
  }

  #closeGathered(): void {
    if (this.#block === null || this.#used === this.#from) return;
    this.#spans.push(this.#block.subarray(this.#from, this.#used));
    this.#from = this.#used;
  }
}
