import type { UplinkEgress } from '../../decision/egress/egress.ts';
import type { NetworkError } from '../../decision/egress/observation.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import { parseExtensions } from '../../protocol/smtp/extensions.ts';
import { type Reply, ReplyParser, replyText } from '../../protocol/smtp/reply.ts';
import type { Clock, Connection, Network, Result, Timer, TlsFacts } from '../ports.ts';

/**
 * How far a probe goes: `knock` only connects; `greet` waits for the greeting and says QUIT; `ehlo` also says EHLO;
 * `tls` also goes over to TLS, where that is offered.
 */
export type ProbeDepth = 'knock' | 'greet' | 'ehlo' | 'tls';

export type ProbeEvents = {
  connected(elapsedMs: number): void;
  greeted(reply: Reply, elapsedMs: number): void;
  ehlo?(reply: Reply, elapsedMs: number): void;
  /** Null: it is not offered. The error is a sentence. */
  tls?(result: Result<TlsFacts, string> | null, elapsedMs: number): void;
  /** The connect failed. */
  failed(error: NetworkError, elapsedMs: number): void;
  /** Comes exactly once, last: whether all that was asked for came. */
  over(complete: boolean): void;
};

const byeMs = 1_000;
const longestLine = 4_096;

/**
 * Calls one mail host through one egress. Bounded by `timeoutMs` for connect and greeting together, and once more for
 * EHLO, for STARTTLS and for the handshake. Politely ended with QUIT; nothing of a message is ever said.
 */
export class Probe {
  readonly #clock: Clock;
  readonly #events: ProbeEvents;
  readonly #depth: ProbeDepth;
  readonly #timeoutMs: number;
  readonly #startedAt: number;
  readonly #abort = new AbortController();
  readonly #parser = new ReplyParser();
  #connection: Connection | null = null;
  #timer: Timer | null = null;
  readonly #to: HostAddress;
  readonly #egress: Pick<UplinkEgress, 'ehlo'> & { readonly source: string | null };
  #stage: 'connect' | 'greeting' | 'ehlo' | 'starttls' | 'handshake' | 'bye' | 'over' = 'connect';
  #line = '';

  constructor(
    ports: { readonly network: Network; readonly clock: Clock },
    egress: Pick<UplinkEgress, 'ehlo'> & { readonly source: string | null },
    to: HostAddress,
    options: { readonly depth: ProbeDepth; readonly timeoutMs: number },
    events: ProbeEvents,
  ) {
    this.#clock = ports.clock;
    this.#events = events;
    this.#depth = options.depth;
    this.#timeoutMs = options.timeoutMs;
    this.#egress = egress;
    this.#to = to;
    this.#startedAt = ports.clock.monotonic();
    void ports.network
      .connect({
        source: egress.source,
        address: to.address,
        port: to.port,
        timeoutMs: options.timeoutMs,
        signal: this.#abort.signal,
      })
      .then(result => {
        if (this.#stage === 'over') {
          if (result.ok) result.value.destroy();
        } else if (result.ok) this.#connected(result.value);
        else {
          this.#events.failed(result.error, this.#elapsed());
          this.#end(false);
        }
      });
  }

  cancel(): void {
    this.#end(false);
  }

  #elapsed(): number {
    return this.#clock.monotonic() - this.#startedAt;
  }

  #connected(connection: Connection): void {
    this.#connection = connection;
    this.#stage = 'greeting';
    connection.handle({
      data: chunk => this.#hear(chunk),
      drained() {},
      // A handshake that fails is told by itself.
      closed: () => this.#stage === 'handshake' || this.#end(this.#stage === 'bye'),
    });
    this.#events.connected(this.#elapsed());
    if (this.#depth === 'knock') {
      this.#end(true);
      return;
    }
    this.#arm(Math.max(0, this.#timeoutMs - this.#elapsed()));
  }

  #hear(chunk: Buffer): void {
    this.#line += chunk.toString('latin1');
    for (let end = this.#line.indexOf('\n'); end >= 0; end = this.#line.indexOf('\n')) {
      const line = this.#line.slice(0, end).replace(/\r$/, '');
      this.#line = this.#line.slice(end + 1);
      const progress = this.#parser.push(line);
      if (progress.kind === 'bad') return this.#end(false);
      if (progress.kind === 'reply') this.#reply(progress.reply);
      if (this.#stage === 'over') return;
    }
    if (this.#line.length > longestLine) this.#end(false);
  }

  #reply(reply: Reply): void {
    switch (this.#stage) {
      case 'greeting':
        this.#events.greeted(reply, this.#elapsed());
        if ((this.#depth === 'ehlo' || this.#depth === 'tls') && reply.code < 300)
          this.#say('ehlo', `EHLO ${this.#egress.ehlo}\r\n`, this.#timeoutMs);
        else this.#say('bye', 'QUIT\r\n', byeMs);
        return;
      case 'ehlo':
        this.#events.ehlo?.(reply, this.#elapsed());
        if (this.#depth === 'tls' && reply.code < 300) return this.#askForTls(reply);
        this.#say('bye', 'QUIT\r\n', byeMs);
        return;
      case 'starttls':
        return this.#answeredStartTls(reply);
      case 'bye':
        this.#end(true);
        return;
      case 'connect':
      case 'handshake':
      case 'over':
        return;
      default:
        this.#stage satisfies never;
    }
  }

  #askForTls(ehlo: Reply): void {
    if (parseExtensions(ehlo).startTls) return this.#say('starttls', 'STARTTLS\r\n', this.#timeoutMs);
    this.#events.tls?.(null, this.#elapsed());
    this.#say('bye', 'QUIT\r\n', byeMs);
  }

  #answeredStartTls(reply: Reply): void {
    if (reply.code < 300 && this.#line === '') {
      void this.#goOver();
      return;
    }
    const error =
      reply.code < 300
        ? 'Bytes came in clear after the answer to STARTTLS.'
        : `STARTTLS was refused: ${replyText(reply)}`;
    this.#events.tls?.({ ok: false, error }, this.#elapsed());
    if (reply.code < 300) this.#end(false);
    else this.#say('bye', 'QUIT\r\n', byeMs);
  }

  async #goOver(): Promise<void> {
    const connection = this.#connection;
    if (connection === null) return;
    const { host, address } = this.#to;
    this.#stage = 'handshake';
    this.#timer?.cancel();
    const secured = await connection.startTls({
      side: 'client',
      serverName: host,
      verify: false,
      sessionKey: `probe ${this.#egress.source} ${address}`,
      timeoutMs: this.#timeoutMs,
    });
    if (this.#stage !== 'handshake') return;
    this.#events.tls?.(secured.ok ? secured : { ok: false, error: secured.error.message }, this.#elapsed());
    if (secured.ok) this.#say('bye', 'QUIT\r\n', byeMs);
    else this.#end(false);
  }

  #say(stage: 'ehlo' | 'starttls' | 'bye', command: string, waitMs: number): void {
    this.#stage = stage;
    this.#connection?.write([Buffer.from(command, 'latin1')]);
    this.#arm(waitMs);
  }

  #arm(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.timer(ms, () => this.#end(this.#stage === 'bye'));
  }

  #end(complete: boolean): void {
    if (this.#stage === 'over') return;
    const spoken = this.#stage === 'bye';
    this.#stage = 'over';
    this.#timer?.cancel();
    this.#abort.abort();
    if (spoken) this.#connection?.end();
    else this.#connection?.destroy();
    this.#linger(spoken);
    this.#events.over(complete);
  }

  /** After QUIT the far side has a moment to close by itself. */
  #linger(spoken: boolean): void {
    const connection = this.#connection;
    if (spoken && connection) this.#clock.timer(byeMs, () => connection.destroy());
  }
}
