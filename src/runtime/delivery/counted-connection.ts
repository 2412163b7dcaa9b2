import type { NetworkError } from '../../decision/egress/observation.ts';
import type { TlsFacts } from '../../protocol/tls/tls-facts.ts';
import type { Connection, ConnectionEvents, Result, TlsTerms } from '../ports.ts';

/** A connection whose end is told, once, however it comes. */
export class CountedConnection implements Connection {
  readonly #of: Connection;
  #freed: (() => void) | null;

  constructor(of: Connection, freed: () => void) {
    this.#of = of;
    this.#freed = freed;
  }

  get localAddress(): string {
    return this.#of.localAddress;
  }

  get localPort(): number {
    return this.#of.localPort;
  }

  get remoteAddress(): string {
    return this.#of.remoteAddress;
  }

  get remotePort(): number {
    return this.#of.remotePort;
  }

  handle(events: ConnectionEvents): void {
    this.#of.handle({
      ...events,
      closed: error => {
        this.#free();
        events.closed(error);
      },
    });
  }

  write(chunks: readonly Buffer[]): boolean {
    return this.#of.write(chunks);
  }

  unsentBytes(): Promise<number | null> {
    return this.#of.unsentBytes();
  }

  startTls(terms: TlsTerms): Promise<Result<TlsFacts, NetworkError>> {
    return this.#of.startTls(terms);
  }

  pause(): void {
    this.#of.pause();
  }

  resume(): void {
    this.#of.resume();
  }

  end(): void {
    this.#of.end();
  }

  destroy(): void {
    this.#free();
    this.#of.destroy();
  }

  #free(): void {
    const freed = this.#freed;
    this.#freed = null;
    freed?.();
  }
}
