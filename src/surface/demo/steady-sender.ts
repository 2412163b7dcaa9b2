import type { Clock, Connection, Network } from '../../runtime/ports.ts';

/** One message to submit: envelope and content, CRLF line ends, dots not yet stuffed. */
export type OutgoingMessage = {
  readonly messageId: string;
  readonly mailFrom: string;
  readonly rcptTo: readonly string[];
  readonly content: Buffer;
};

type Target = { readonly address: string; readonly port: number };

export type SenderSetting = {
  readonly network: Network;
  readonly clock: Clock;
  readonly target: Target;
  /** Tried in their order where the target cannot be reached, as a sender goes through MX hosts (RFC 5321 section 5.1). */
  readonly others?: readonly Target[];
  /** How long it waits for a connection or a reply; default 10 s. */
  readonly patienceMs?: number;
  readonly source: string | null;
  readonly ehlo: string;
  /** Makes the n-th message, counted from 0. */
  readonly compose: (n: number) => OutgoingMessage;
  /** The gateway took it: the moment (wall ms) at which we read the 250. */
  readonly onAccepted: (messageId: string, at: number) => void;
  /** It was not taken this time, in words; it is offered again until `stop`. */
  readonly onTrouble?: (messageId: string, reason: string) => void;
};

const usualPatienceMs = 10_000;
const retryMs = 200;

/**
 * A mail user's SMTP client that sends at a steady pace: a message each `intervalMs`, on one kept session. When the
 * gateway is slow the pace is caught up afterwards; a message that was not taken is offered again with its Message-ID.
 */
export class SteadySender {
  readonly #setting: SenderSetting;
  #session: ClientLines | null = null;
  #stopped: AbortController | null = null;
  #running: Promise<void> | null = null;
  #sent = 0;

  constructor(setting: SenderSetting) {
    this.#setting = setting;
  }

  /** How many messages were offered and taken. */
  get accepted(): number {
    return this.#sent;
  }

  start(intervalMs: number): void {
    if (this.#running !== null) return;
    this.#stopped = new AbortController();
    this.#running = this.#run(intervalMs, this.#stopped.signal);
  }

  /** Ends after the message under way. */
  async stop(): Promise<void> {
    this.#stopped?.abort();
    await this.#running;
    this.#running = null;
    this.#session?.destroy();
    this.#session = null;
  }

  async #run(intervalMs: number, stopped: AbortSignal): Promise<void> {
    const { clock } = this.#setting;
    let dueAt = clock.monotonic();
    while (!stopped.aborted) {
      const waitMs = dueAt - clock.monotonic();
      if (waitMs > 0) await clock.sleep(waitMs, stopped);
      if (stopped.aborted) return;
      dueAt += intervalMs;
      await this.#offer(this.#setting.compose(this.#sent), stopped);
    }
  }

  async #offer(message: OutgoingMessage, stopped: AbortSignal): Promise<void> {
    for (;;) {
      const trouble = await this.#submit(message);
      if (trouble === null) {
        this.#sent += 1;
        this.#setting.onAccepted(message.messageId, this.#setting.clock.now());
        return;
      }
      this.#setting.onTrouble?.(message.messageId, trouble);
      this.#session?.destroy();
      this.#session = null;
      await this.#setting.clock.sleep(retryMs, stopped);
      if (stopped.aborted) return;
    }
  }

  /** Null: taken; else why not. */
  async #submit(message: OutgoingMessage): Promise<string | null> {
    const session = this.#session ?? (await this.#open());
    if (typeof session === 'string') return session;
    this.#session = session;
    const steps: [Buffer, string][] = [
      [Buffer.from(`MAIL FROM:<${message.mailFrom}>\r\n`), '250'],
      ...message.rcptTo.map((path): [Buffer, string] => [Buffer.from(`RCPT TO:<${path}>\r\n`), '250']),
      [Buffer.from('DATA\r\n'), '354'],
      [stuffed(message.content), '250'],
    ];
    for (const [bytes, wanted] of steps) {
      const answer = await session.ask(bytes);
      if (answer === null) return 'the gateway did not answer';
      if (!answer.startsWith(wanted)) return answer;
    }
    return null;
  }

  /** A session with the first target that has one; else why the last has none. */
  async #open(): Promise<ClientLines | string> {
    const { target, others = [] } = this.#setting;
    let opened = await this.#greet(target);
    for (const other of others) {
      if (typeof opened !== 'string') break;
      opened = await this.#greet(other);
    }
    return opened;
  }

  async #greet(target: Target): Promise<ClientLines | string> {
    const { network, source, ehlo, clock, patienceMs = usualPatienceMs } = this.#setting;
    const connected = await network.connect({ source, ...target, timeoutMs: patienceMs });
    if (!connected.ok) return connected.error.message;
    const session = new ClientLines(connected.value, clock, patienceMs);
    for (const [bytes, wanted] of [
      [null, '220'],
      [Buffer.from(`EHLO ${ehlo}\r\n`), '250'],
    ] as const) {
      const answer = await session.ask(bytes);
      if (answer?.startsWith(wanted) === true) continue;
      session.destroy();
      return answer ?? 'the gateway did not answer';
    }
    return session;
  }
}

/** Dots stuffed, and the final dot added (RFC 5321 section 4.5.2). */
function stuffed(content: Buffer): Buffer {
  const text = content.toString('latin1').replace(/^\./gm, '..');
  return Buffer.from(`${text}${text.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1');
}

/** Replies of one connection, one at a time. */
class ClientLines {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #heard = '';
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(connection: Connection, clock: Clock, patienceMs: number) {
    this.#connection = connection;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    connection.handle({
      data: chunk => {
        this.#heard += chunk.toString('latin1');
        if (this.#heard.length > 65_536) connection.destroy();
        this.#wake?.();
      },
      drained: () => {},
      closed: () => {
        this.#closed = true;
        this.#wake?.();
      },
    });
  }

  /** Sends `bytes` and gives the last line of the next reply; null: none came in time. */
  async ask(bytes: Buffer | null): Promise<string | null> {
    if (bytes !== null && !this.#closed) this.#connection.write([bytes]);
    const untilMs = this.#clock.monotonic() + this.#patienceMs;
    for (;;) {
      const reply = /^(?:\d{3}-.*\r\n)*(\d{3} .*)\r\n/.exec(this.#heard);
      if (reply !== null) {
        this.#heard = this.#heard.slice(reply[0].length);
        return reply[1] ?? '';
      }
      const waitMs = untilMs - this.#clock.monotonic();
      if (this.#closed || waitMs <= 0) return null;
      await new Promise<void>(resolve => {
        const timer = this.#clock.timer(waitMs, resolve);
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
      this.#wake = null;
    }
  }

  destroy(): void {
    this.#connection.destroy();
  }
}
