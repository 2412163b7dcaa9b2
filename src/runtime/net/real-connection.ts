import type { Socket } from 'node:net';
import type { NetworkError } from '../../decision/egress/observation.ts';
import type { Connection, ConnectionEvents, Result, TlsFacts, TlsTerms } from '../ports.ts';
import type { Incoming } from './incoming.ts';
import { networkErrorOf } from './network-error.ts';
import { sendQueueOf } from './real-send-queue.ts';
import { type ClientTrust, secure } from './real-tls.ts';

export type LocalAddress = { readonly address: string; readonly port: number };

/** How a connection stands to the machine. */
export type SocketParts = {
  readonly trust: ClientTrust;
  /** By what the socket is read; null: as the stream that it is. */
  readonly incoming: Incoming | null;
  /** Its own address where that is known, which spares a system call. */
  readonly local?: LocalAddress | undefined;
};

/**
 * One TCP connection of this machine.
 *
 * The socket must be half-open (`allowHalfOpen`): when the far side ends, we end too, but only once the owner has read
 * all and is not pausing, so that a client which says QUIT and ends at once still gets its replies; an owner that wants
 * to say more after that listens to `ended`, and ends by itself.
 */
export class TcpConnection implements Connection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #trust: ClientTrust;
  #socket: Socket;
  #incoming: Incoming | null;
  #events: ConnectionEvents | null = null;
  #error: NetworkError | null = null;
  #destroyed = false;
  #paused = false;
  #farEnded = false;
  #closed = false;

  /** `socket` is connected, and nobody else listens to it. It is read from `handle` on. */
  constructor(socket: Socket, { trust, incoming, local = localAddressOf(socket) }: SocketParts) {
    this.#trust = trust;
    this.#socket = socket;
    this.#incoming = incoming;
    socket.pause();
    this.localAddress = local.address;
    this.localPort = local.port;
    this.remoteAddress = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
    this.#follow(socket);
  }

  handle(events: ConnectionEvents): void {
    this.#events = events;
    if (this.#closed) {
      queueMicrotask(() => events.closed(this.#error));
      return;
    }
    this.#listen(events);
  }

  write(chunks: readonly Buffer[]): boolean {
    const socket = this.#socket;
    if (!socket.writable) return false;
    const [only] = chunks;
    if (only === undefined) return true;
    if (chunks.length === 1) return socket.write(only);
    socket.cork();
    let below = true;
    for (const chunk of chunks) below = socket.write(chunk);
    socket.uncork();
    return below;
  }

  async unsentBytes(): Promise<number | null> {
    const inKernel = await sendQueueOf(this);
    return inKernel === null ? null : inKernel + this.#socket.writableLength;
  }

  async startTls(terms: TlsTerms): Promise<Result<TlsFacts, NetworkError>> {
    const plain = this.#socket;
    for (const event of ['data', 'drain', 'end', 'close', 'error']) plain.removeAllListeners(event);
    plain.pause();
    const secured = this.#incoming?.holds ? refused(plain) : await secure(plain, terms, this.#trust);
    if (!secured.ok) {
      const error: NetworkError = this.#destroyed
        ? { kind: 'aborted', message: 'The TLS handshake was given up by ourselves.' }
        : { kind: 'other', message: secured.error };
      this.#error ??= this.#destroyed ? null : error;
      this.#closeSoon();
      return { ok: false, error };
    }
    const { socket, facts } = secured.value;
    this.#socket = socket;
    this.#incoming = null;
    this.#follow(socket);
    if (this.#destroyed) socket.destroy();
    else if (this.#events) this.#listen(this.#events);
    return { ok: true, value: facts };
  }

  pause(): void {
    this.#paused = true;
    if (this.#incoming === null) this.#socket.pause();
    else this.#incoming.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#incoming?.resume();
    if (this.#events) this.#socket.resume();
    if (this.#farEnded && !this.#events?.ended) this.end();
  }

  end(): void {
    // Node makes an error of a second end, which takes longer than the end.
    if (this.#socket.writable) this.#socket.end();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#incoming?.drop();
    this.#socket.destroy();
  }

  #follow(socket: Socket): void {
    socket.on('error', error => {
      if (!this.#destroyed) this.#error ??= networkErrorOf(error, `The connection to ${this.remoteAddress}`);
    });
    const ended = (): void => {
      this.#farEnded = true;
      if (this.#events?.ended) this.#events.ended();
      else if (!this.#paused) this.end();
    };
    // A socket that comes from a handshake may have heard its end with the handshake's last bytes.
    if (socket.readableEnded) queueMicrotask(ended);
    else socket.on('end', () => (this.#incoming === null ? ended() : this.#incoming.afterHeld(ended)));
    if (socket.closed) this.#closeSoon();
    else socket.on('close', () => this.#close());
  }

  #listen(events: ConnectionEvents): void {
    if (this.#incoming === null) this.#socket.on('data', (chunk: Buffer) => events.data(chunk));
    else this.#incoming.hear(chunk => events.data(chunk));
    this.#socket.on('drain', () => events.drained());
    if (!this.#paused) this.#socket.resume();
  }

  #closeSoon(): void {
    queueMicrotask(() => this.#close());
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#incoming?.drop();
    this.#events?.closed(this.#error);
  }
}

/** What came in clear before the handshake may have been put there by a stranger (RFC 3207 section 5). */
function refused(plain: Socket): Result<never, string> {
  plain.on('error', () => {});
  plain.destroy();
  return { ok: false, error: 'The far side went on in clear where a TLS handshake must follow.' };
}

const localAddressOf = (socket: Socket): LocalAddress => ({
  address: socket.localAddress ?? '',
  port: socket.localPort ?? 0,
});
