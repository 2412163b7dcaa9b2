import { DotReader } from './data.ts';
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

/** The body of one message while it is read. What is given up is read to its end and dropped. */
export class ServerBody {
  readonly #settings: Pick<ServerSettings, 'limits' | 'bareNewline'>;
  readonly #outlet: BodyOutlet;
  readonly #reader: DotReader;
  #refusal: Reply | null = null;

  constructor(settings: Pick<ServerSettings, 'limits' | 'bareNewline'>, outlet: BodyOutlet) {
    this.#settings = settings;
    this.#outlet = outlet;
    this.#reader = new DotReader(settings.bareNewline, (chunk, start, end) => this.#pass(chunk, start, end));
  }

  /** The reply that awaits the end of a message that is given up. */
  get refusal(): Reply | null {
    return this.#refusal;
  }

  get sizeBytes(): number {
    return this.#reader.sizeBytes;
  }

  /** Reads on in the unread bytes. True: the body has ended. */
  read(input: LineInput): boolean {
    for (let unread = input.peek(); unread !== null; unread = input.peek()) {
      const end = this.#reader.read(unread.chunk, unread.start);
      if (this.#reader.bareNewlineSeen && this.#settings.bareNewline === 'refuse') this.#refuseBareNewline();
      input.advance(end < 0 ? unread.chunk.length : end);
      if (end >= 0) return true;
    }
    return false;
  }

  #pass(chunk: Buffer, start: number, end: number): void {
    if (this.#refusal !== null) return;
    if (this.#reader.sizeBytes <= this.#settings.limits.messageSizeBytes)
      this.#outlet.body(chunk, start, end);
    else this.#giveUp(tooLarge(this.#settings), 'the message is too large');
  }

  #refuseBareNewline(): void {
    this.#giveUp(
      reply(550, '5.6.0', 'The message has a CR or LF that is not part of a CRLF; send it with CRLF only.'),
      'a bare CR or LF in the message',
    );
  }

  #giveUp(refusal: Reply, reason: string): void {
    if (this.#refusal !== null) return;
    this.#refusal = refusal;
    this.#outlet.discard(reason);
  }
}
