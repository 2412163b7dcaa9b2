import type { Clock, Connection } from '../../runtime/ports.ts';

/** The replies of one receiving session, in order, however late each of them leaves. */
export class ReceiverReplies {
  readonly #connection: Connection;
  readonly #clock: Clock;
  /** Monotonic ms before which no further reply may leave, so that delayed replies keep their order. */
  #dueAt = 0;
  #waiting = 0;
  #out: Buffer[] = [];
  #muted = false;
  #ended = false;
  #gone = false;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** `sent` is called when it has left. */
  say(line: string, delayMs: number, sent?: () => void): void {
    if (this.#muted) return;
    const now = this.#clock.monotonic();
    this.#dueAt = Math.max(this.#dueAt, now) + delayMs;
    const bytes = Buffer.from(`${line}\r\n`, 'latin1');
    if (this.#dueAt <= now && this.#waiting === 0) {
      this.#out.push(bytes);
      sent?.();
      return;
    }
    this.#waiting += 1;
    this.#clock.timer(this.#dueAt - now, () => {
      this.#waiting -= 1;
      if (this.#gone) return;
      this.#out.push(bytes);
      this.flush();
      sent?.();
      if (this.#waiting === 0 && this.#ended) this.#connection.end();
    });
  }

  flush(): void {
    if (this.#out.length === 0 || this.#gone) return;
    const chunks = this.#out;
    this.#out = [];
    this.#connection.write(chunks);
  }

  /** Nothing more is said, and the connection stands. */
  mute(): void {
    this.#muted = true;
  }

  /** What was said still leaves. */
  end(): void {
    this.#ended = true;
    this.flush();
    if (this.#waiting === 0) this.#connection.end();
  }

  gone(): void {
    this.#gone = true;
  }
}
