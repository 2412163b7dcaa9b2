import type { UplinkEgress } from '../../decision/egress/egress.ts';
import type { NetworkError } from '../../decision/egress/observation.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import { type Reply, ReplyParser } from '../../protocol/smtp/reply.ts';
import type { Clock, Connection, Network, Timer } from '../ports.ts';

/**
 * How far a probe goes: `knock` only connects; `greet` waits for the greeting and says QUIT; `ehlo` also says EHLO.
 */
export type ProbeDepth = 'knock' | 'greet' | 'ehlo';

export type ProbeEvents = {
  connected(elapsedMs: number): void;
  greeted(reply: Reply, elapsedMs: number): void;
  ehlo?(reply: Reply, elapsedMs: number): void;
  /** The connect failed. */
  failed(error: NetworkError, elapsedMs: number): void;
  /** Comes exactly once, last: whether all that was asked for came. */
  over(complete: boolean): void;
};

const byeMs = 1_000;
const longestLine = 4_096;

/**
 * Calls one mail host through one egress. Bounded by `timeoutMs` for connect and greeting together, and once more for
 * EHLO. Politely ended with QUIT; nothing of a message is ever said.
 */
export class Probe {
  readonly #clock: Clock;
  readonly #events: ProbeEvents;
  readonly #depth: ProbeDepth;
  readonly #ehlo: string;
  readonly #timeoutMs: number;
  readonly #startedAt: number;
  readonly #abort = new AbortController();
  readonly #parser = new ReplyParser();
  #connection: Connection | null = null;
  #timer: Timer | null = null;
  #stage: 'connect' | 'greeting' | 'ehlo' | 'bye' | 'over' = 'connect';
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
    this.#ehlo = egress.ehlo;
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
      closed: () => this.#end(this.#stage === 'bye'),
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
        if (this.#depth === 'ehlo' && reply.code < 300)
          this.#say('ehlo', `EHLO ${this.#ehlo}\r\n`, this.#timeoutMs);
        else this.#say('bye', 'QUIT\r\n', byeMs);
        return;
      case 'ehlo':
        this.#events.ehlo?.(reply, this.#elapsed());
        this.#say('bye', 'QUIT\r\n', byeMs);
        return;
      case 'bye':
        this.#end(true);
        return;
      case 'connect':
      case 'over':
        return;
      default:
        this.#stage satisfies never;
    }
  }

  #say(stage: 'ehlo' | 'bye', command: string, waitMs: number): void {
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
