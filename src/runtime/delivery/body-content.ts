import { isAscii } from 'node:buffer';
import type { BodyRef } from '../../decision/queue/queued.ts';
import type { BodyContent } from '../../protocol/smtp/client-session-types.ts';
import type { QueueStore, Result } from '../ports.ts';

const pieceBytes = 256 * 1024;
const headerEnd = '\r\n\r\n';

/** Looks through a body, however large, in bounded memory; only where a host lacks what the message declares. */
export async function contentOf(
  store: Pick<QueueStore, 'readRange'>,
  body: BodyRef,
): Promise<Result<BodyContent, string>> {
  const scan = new ContentScan();
  if (body.kind === 'inline') {
    scan.take(body.bytes);
    return { ok: true, value: scan.content };
  }
  for (let start = 0; start < body.sizeBytes && !scan.isDecided; start += pieceBytes) {
    const piece = await store.readRange(body, start, Math.min(start + pieceBytes, body.sizeBytes));
    if (!piece.ok) return { ok: false, error: piece.error.message };
    if (piece.value.length === 0) return { ok: false, error: `${body.file} is shorter than it was.` };
    scan.take(piece.value);
  }
  return { ok: true, value: scan.content };
}

class ContentScan {
  #isAscii = true;
  #headerIsAscii = true;
  /** The header may end in this and the next piece. */
  #edge: Buffer | null = Buffer.alloc(0);

  get content(): BodyContent {
    return { isAscii: this.#isAscii, headerIsAscii: this.#headerIsAscii };
  }

  /** What follows changes nothing. */
  get isDecided(): boolean {
    return !this.#isAscii && this.#edge === null;
  }

  take(piece: Buffer): void {
    if (this.#edge !== null) this.#takeHeader(Buffer.concat([this.#edge, piece]));
    this.#isAscii &&= isAscii(piece);
  }

  #takeHeader(bytes: Buffer): void {
    const end = bytes.indexOf(headerEnd);
    this.#headerIsAscii &&= isAscii(end < 0 ? bytes : bytes.subarray(0, end));
    this.#edge = end < 0 && this.#headerIsAscii ? Buffer.from(bytes.subarray(-3)) : null;
  }
}
