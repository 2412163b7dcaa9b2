import { ChunkReader } from './chunk-reader.ts';
import type { Chunk } from './command.ts';
import { DotReader, type Span } from './data.ts';
import type { LineInput } from './line-input.ts';
import { type Reply, reply } from './reply.ts';
import type { ServerSettings } from './server-session-types.ts';

/** Where a body's spans go, and the word that its message is given up, which comes once. */
export type BodyOutlet = {
  body(chunk: Buffer, start: number, end: number): void;
  discard(reason: string): void;
};

/** The reply to a message over the limit, whether its size was declared or counted. */
export function tooLarge({ limits }: Pick<ServerSettings, 'limits'>): Reply {
  return reply(552, '5.3.4', `The message is over ${limits.messageSizeBytes} bytes.`);
}

type BodySettings = Pick<ServerSettings, 'limits' | 'bareNewline'>;

/**
 * The body of one message while it is read, from DATA to its dot or from BDAT to BDAT. What is given up is read to its
 * end and dropped; so is what never had a place, where the session gives a refusal at once.
 */
export class ServerBody {
  readonly #settings: BodySettings;
  readonly #outlet: BodyOutlet;
  readonly #reader: DotReader | ChunkReader;
  #refusal: Reply | null;
  /** Octets of the chunk that are still to come. */
  #left = 0;
  #whole = false;

  constructor(by: 'DATA' | 'BDAT', settings: BodySettings, outlet: BodyOutlet, refusal: Reply | null = null) {
    this.#settings = settings;
    this.#outlet = outlet;
    this.#refusal = refusal;
    const pass: Span = (chunk, start, end) => this.#pass(chunk, start, end);
    this.#reader =
      by === 'DATA' ? new DotReader(settings.bareNewline, pass) : new ChunkReader(settings.bareNewline, pass);
  }

  /** The reply that awaits the end of a message that is given up. */
  get refusal(): Reply | null {
    return this.#refusal;
  }

  get sizeBytes(): number {
    return this.#reader.sizeBytes;
  }

  /** No more of it will come. */
  get whole(): boolean {
    return this.#whole;
  }

  /** What is read next is this chunk. One that makes the message too large is refused before it is read. */
  expect({ octets, last }: Chunk): void {
    this.#left = octets;
    this.#whole = last;
    if (this.#reader.sizeBytes + octets > this.#settings.limits.messageSizeBytes) this.#refuseSize();
  }

  /** Reads on in the unread bytes. True: the body or its chunk has ended. */
  read(input: LineInput): boolean {
    const ended =
      this.#reader instanceof DotReader
        ? this.#readDotted(this.#reader, input)
        : this.#readChunk(this.#reader, input);
    if (this.#reader.bareNewlineSeen && this.#settings.bareNewline === 'refuse')
      this.#giveUp(
        reply(550, '5.6.0', 'The message has a CR or LF that is not part of a CRLF; send it with CRLF only.'),
        'a bare CR or LF in the message',
      );
    return ended;
  }

  #readDotted(reader: DotReader, input: LineInput): boolean {
    for (let unread = input.peek(); unread !== null; unread = input.peek()) {
      const end = reader.read(unread.chunk, unread.start);
      input.advance(end < 0 ? unread.chunk.length : end);
      if (end < 0) continue;
      this.#whole = true;
      return true;
    }
    return false;
  }

  #readChunk(reader: ChunkReader, input: LineInput): boolean {
    for (let unread = input.peek(); unread !== null && this.#left > 0; unread = input.peek()) {
      const end = Math.min(unread.chunk.length, unread.start + this.#left);
      if (this.#refusal === null) reader.read(unread.chunk, unread.start, end);
      this.#left -= end - unread.start;
      input.advance(end);
    }
    if (this.#left > 0) return false;
    if (this.#whole && this.#refusal === null) reader.end();
    return true;
  }

  #pass(chunk: Buffer, start: number, end: number): void {
    if (this.#refusal !== null) return;
    if (this.#reader.sizeBytes > this.#settings.limits.messageSizeBytes) this.#refuseSize();
    else this.#outlet.body(chunk, start, end);
  }

  #refuseSize(): void {
    this.#giveUp(tooLarge(this.#settings), 'the message is too large');
  }

  #giveUp(refusal: Reply, reason: string): void {
    if (this.#refusal !== null) return;
    this.#refusal = refusal;
    this.#outlet.discard(reason);
  }
}
