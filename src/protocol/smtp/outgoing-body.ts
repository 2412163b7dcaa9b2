import { DotStuffer } from './data.ts';

/** A piece of a body as it goes over the wire, and how many replies come for it before the last one. */
export type WirePiece = { readonly bytes: readonly Buffer[]; readonly replies: number };

/** The last piece: `final` is what completes the message, so that the far side is answerable for it from then on. */
export type LastPiece = WirePiece & { readonly final: readonly Buffer[] };

/** A body on its way out. `hold`: `final` is to be small, for it is sent alone. */
export interface OutgoingBody {
  piece(chunk: Buffer): WirePiece;
  last(chunk: Buffer, hold: boolean): LastPiece;
}

const finalDot = Buffer.from('.\r\n');
const lineEnd = Buffer.from('\r\n');
const lineFeed = lineEnd.subarray(1);

/** What is held back of a body in chunks, in bytes at most: a packet or two. */
const heldBytes = 2_048;

/** By DATA: dots stuffed, and the final dot (RFC 5321 section 4.5.2). */
export class DottedBody implements OutgoingBody {
  readonly #stuffer = new DotStuffer();

  piece(chunk: Buffer): WirePiece {
    return { bytes: this.#stuffer.stuff(chunk), replies: 0 };
  }

  last(chunk: Buffer): LastPiece {
    const bytes = this.#stuffer.stuff(chunk);
    bytes.push(...this.#stuffer.end());
    return { bytes, replies: 0, final: [finalDot] };
  }
}

/** By BDAT (RFC 3030 section 2): each piece is a chunk with its size, sent as it is. A missing last CRLF is put there. */
export class ChunkedBody implements OutgoingBody {
  #beforePrevious = 13;
  #previous = 10;

  piece(chunk: Buffer): WirePiece {
    if (chunk.length === 0) return { bytes: [], replies: 0 };
    this.#note(chunk);
    return { bytes: [command(chunk.length, ''), chunk], replies: 1 };
  }

  last(chunk: Buffer, hold: boolean): LastPiece {
    this.#note(chunk);
    const end = this.#end();
    const heldFrom = hold ? Math.max(0, chunk.length - heldBytes) : 0;
    const tail = heldFrom === 0 ? chunk : chunk.subarray(heldFrom);
    const final = [command(tail.length + (end?.length ?? 0), ' LAST')];
    if (tail.length > 0) final.push(tail);
    if (end !== null) final.push(end);
    if (heldFrom === 0) return { bytes: [], replies: 0, final };
    return { bytes: [command(heldFrom, ''), chunk.subarray(0, heldFrom)], replies: 1, final };
  }

  #note(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#beforePrevious = chunk.length > 1 ? (chunk[chunk.length - 2] ?? 0) : this.#previous;
    this.#previous = chunk[chunk.length - 1] ?? 0;
  }

  #end(): Buffer | null {
    if (this.#previous === 10 && this.#beforePrevious === 13) return null;
    return this.#previous === 13 ? lineFeed : lineEnd;
  }
}

const command = (bytes: number, last: '' | ' LAST'): Buffer =>
  Buffer.from(`BDAT ${bytes}${last}\r\n`, 'latin1');
