import { isIPv6 } from 'node:net';
import type { DnsPath } from '../../decision/next-hop/dns-paths.ts';
import { canonicalAddress } from '../../protocol/dns/address.ts';
import type { DnsFailure } from '../../protocol/dns/failure.ts';
import { type DnsResponse, decodeResponse, encodeQuery } from '../../protocol/dns/message.ts';
import type { RecordType } from '../../protocol/dns/record.ts';
import { StreamReader, streamFrame } from '../../protocol/dns/stream.ts';
import type { Clock, DatagramSocket, Network, Random } from '../ports.ts';

export type DnsPorts = { readonly network: Network; readonly clock: Clock; readonly random: Random };

/** `name` is canonical. `unchecked`: what does not validate is wanted too. */
export type Question = { readonly name: string; readonly type: RecordType; readonly unchecked?: boolean };

/** What came of asking one way. Silence is no outcome: whoever asks has a clock. */
export type AskOutcome =
  | { readonly kind: 'answer'; readonly response: DnsResponse }
  /** An answer that helps nobody. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly failure: Extract<DnsFailure, 'servfail' | 'refused' | 'other_rcode'>;
    }
  /** The way is not there: no socket, no connection. */
  | { readonly kind: 'unreachable'; readonly reason: string };

const tcpTimeoutMs = 4_000;

/**
 * One question asked one way: by UDP from a port of its own, then by TCP where the answer was cut (RFC 7766).
 * Only the server that was asked is heard, and only with our ID and our question (RFC 5452 section 9).
 * `done` is called at most once, and never after `cancel`; either of them closes everything.
 */
export class Ask {
  readonly path: DnsPath;
  readonly #ports: DnsPorts;
  readonly #question: Question;
  readonly #done: (outcome: AskOutcome) => void;
  readonly #query: Buffer;
  readonly #id: number;
  #socket: DatagramSocket | null = null;
  #tcp: AbortController | null = null;
  #over = false;

  constructor(ports: DnsPorts, path: DnsPath, question: Question, done: (outcome: AskOutcome) => void) {
    this.path = path;
    this.#ports = ports;
    this.#question = question;
    this.#done = done;
    this.#id = Math.floor(ports.random.next() * 65_536);
    this.#query = encodeQuery(this.#id, question.name, question.type, question.unchecked);
    void this.#open();
  }

  /** The datagram may have been lost: sends it again. */
  repeat(): void {
    if (this.#tcp === null) this.#send();
  }

  cancel(): void {
    this.#over = true;
    this.#close();
  }

  async #open(): Promise<void> {
    const { server, source } = this.path;
    const opened = await this.#ports.network.datagrams(source, isIPv6(server.address) ? 6 : 4);
    if (!opened.ok) return this.#finish({ kind: 'unreachable', reason: opened.error.message });
    if (this.#over) return opened.value.close();
    this.#socket = opened.value;
    this.#socket.handle((datagram, from) => {
      if (from.port !== server.port || canonicalAddress(from.address) !== canonicalAddress(server.address))
        return;
      this.#hear(datagram);
    });
    this.#send();
  }

  #send(): void {
    this.#socket?.send(this.#query, this.path.server);
  }

  /** What is not the answer to our question is as if it had not come. */
  #hear(message: Buffer): void {
    const response = decodeResponse(message);
    if (response === null || response.id !== this.#id || this.#over) return;
    const { question, rcode } = response;
    // A server that fails at reading the question need not repeat it.
    if (question === null ? rcode !== 'failure' : !this.#isOurs(question)) return;
    if (response.truncated && this.#tcp === null) void this.#askByTcp();
    else this.#finish(this.#judge(response));
  }

  #isOurs(question: { name: string; type: string }): boolean {
    return question.name === this.#question.name && question.type === this.#question.type;
  }

  #judge(response: DnsResponse): AskOutcome {
    const { address } = this.path.server;
    switch (response.rcode) {
      case 'noerror':
        if (!isReferral(response)) return { kind: 'answer', response };
        return { kind: 'failed', reason: `${address} does not recurse`, failure: 'refused' };
      case 'nxdomain':
        return { kind: 'answer', response };
      case 'servfail':
        return { kind: 'failed', reason: `${address} answered SERVFAIL`, failure: 'servfail' };
      case 'refused':
        return { kind: 'failed', reason: `${address} answered REFUSED`, failure: 'refused' };
      case 'failure':
        return {
          kind: 'failed',
          reason: `${address} answered ${response.rcodeText}`,
          failure: 'other_rcode',
        };
      default:
        return response.rcode satisfies never;
    }
  }

  async #askByTcp(): Promise<void> {
    const { signal } = (this.#tcp = new AbortController());
    this.#socket?.close();
    this.#socket = null;
    const { server, source } = this.path;
    const connected = await this.#ports.network.connect({
      source,
      address: server.address,
      port: server.port,
      timeoutMs: tcpTimeoutMs,
      signal,
    });
    if (!connected.ok) return this.#finish({ kind: 'unreachable', reason: connected.error.message });
    const connection = connected.value;
    if (this.#over) return connection.destroy();
    const reader = new StreamReader();
    signal.addEventListener('abort', () => connection.destroy(), { once: true });
    connection.handle({
      data: chunk => {
        for (const message of reader.push(chunk)) this.#hear(message);
      },
      drained() {},
      closed: () =>
        this.#finish({
          kind: 'unreachable',
          reason: `${server.address} ended the connection without an answer`,
        }),
    });
    connection.write(streamFrame(this.#query));
  }

  #finish(outcome: AskOutcome): void {
    if (this.#over) return;
    this.cancel();
    this.#done(outcome);
  }

  #close(): void {
    this.#socket?.close();
    this.#socket = null;
    this.#tcp?.abort();
  }
}

/** Name servers to ask in place of an answer: this server knows nothing and will not find out (RFC 2308 section 2.1). */
function isReferral(response: DnsResponse): boolean {
  return (
    response.answers.length === 0 &&
    !response.authoritative &&
    response.authorities.some(({ data }) => data.type === 'NS') &&
    !response.authorities.some(({ data }) => data.type === 'SOA')
  );
}
