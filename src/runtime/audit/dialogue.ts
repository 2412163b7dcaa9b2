import type { Said } from '../../decision/audit/facts.ts';
import type { NetworkError } from '../../decision/egress/observation.ts';
import { ReplyParser } from '../../protocol/smtp/reply.ts';
import type { Clock, Connection, Result, Timer, TlsFacts, TlsTerms } from '../ports.ts';

const longestLine = 4_096;

/** Why no reply came, in a whole sentence. */
export type Silence = string;

/** Speaks SMTP over one connection, one group of commands after another. Every wait is bounded. */
export class Dialogue {
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #parser = new ReplyParser();
  readonly #heard: Said[] = [];
  #line = '';
  #askedAt: number;
  #ended: Silence | null = null;
  #wake: (() => void) | null = null;

  constructor(connection: Connection, clock: Clock) {
    this.#clock = clock;
    this.#connection = connection;
    this.#askedAt = clock.monotonic();
    connection.handle({
      data: chunk => this.#hear(chunk),
      drained() {},
      closed: error => this.#end(error?.message ?? 'The server closed the connection.'),
    });
  }

  /** The next reply, without a command: the greeting. */
  listen(timeoutMs: number): Promise<Result<Said, Silence>> {
    return this.#next(timeoutMs);
  }

  /** Sends commands together and gives their replies in order; the last one is why no more came. */
  async say(commands: readonly string[], timeoutMs: number): Promise<readonly Result<Said, Silence>[]> {
    this.#askedAt = this.#clock.monotonic();
    this.#connection.write([Buffer.from(commands.map(command => `${command}\r\n`).join(''), 'latin1')]);
    const replies: Result<Said, Silence>[] = [];
    for (const _command of commands) {
      const reply = await this.#next(timeoutMs);
      replies.push(reply);
      if (!reply.ok) break;
    }
    return replies;
  }

  /** Anything that was heard and not asked for. */
  get unread(): boolean {
    return this.#heard.length > 0 || this.#line !== '';
  }

  startTls(terms: TlsTerms): Promise<Result<TlsFacts, NetworkError>> {
    return this.#connection.startTls(terms);
  }

  /** Bytes that we sent and the far side's TCP has not acknowledged; null where the host cannot tell. */
  unheardBytes(): Promise<number | null> {
    return this.#connection.unsentBytes();
  }

  /** Takes leave, and does not wait for the answer: it is read until the far side hangs up, or for a second. */
  quit(): void {
    this.#connection.write([Buffer.from('QUIT\r\n')]);
    this.#connection.end();
    this.#end('The conversation is over.');
    this.#clock.timer(1_000, () => this.#connection.destroy());
  }

  close(): void {
    this.#connection.destroy();
  }

  async #next(timeoutMs: number): Promise<Result<Said, Silence>> {
    const late = this.#armed(timeoutMs);
    while (this.#heard.length === 0 && this.#ended === null) await this.#woken();
    late.cancel();
    const said = this.#heard.shift();
    if (said !== undefined) return { ok: true, value: said };
    return { ok: false, error: this.#ended ?? 'The server said nothing.' };
  }

  #armed(timeoutMs: number): Timer {
    return this.#clock.timer(timeoutMs, () => {
      const did = this.#line === '' ? 'said nothing for' : 'did not end its reply in';
      this.#end(`The server ${did} ${timeoutMs / 1000} s.`);
    });
  }

  #woken(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve;
    });
  }

  #hear(chunk: Buffer): void {
    if (this.#ended !== null) return;
    this.#line += chunk.toString('latin1');
    for (let end = this.#line.indexOf('\n'); end >= 0; end = this.#line.indexOf('\n')) {
      const line = this.#line.slice(0, end).replace(/\r$/, '');
      this.#line = this.#line.slice(end + 1);
      const progress = this.#parser.push(line);
      if (progress.kind === 'bad')
        return this.#end(`The server spoke no SMTP: ${JSON.stringify(line.slice(0, 80))}.`);
      if (progress.kind !== 'reply') continue;
      const { code, enhancedStatus: status, lines } = progress.reply;
      this.#heard.push({
        code,
        status,
        lines,
        elapsedMs: Math.round(this.#clock.monotonic() - this.#askedAt),
      });
      this.#wake?.();
    }
    if (this.#line.length > longestLine) this.#end('The server sent a line without an end.');
  }

  #end(why: Silence): void {
    this.#ended ??= why;
    this.#wake?.();
  }
}
