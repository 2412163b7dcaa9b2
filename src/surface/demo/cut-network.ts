import type { NetworkError } from '../../decision/egress/observation.ts';
import type {
  Clock,
  Connection,
  ConnectionEvents,
  ConnectTarget,
  DatagramSocket,
  Listener,
  Network,
  PacketSizes,
  PresentAddress,
  Result,
  RouteOfSource,
  TlsFacts,
  TlsTerms,
} from '../../runtime/ports.ts';

/**
 * A network port with a stand-in for a cable: while `pull` holds for a source address, nothing that is bound to it
 * sends or hears anything, as on a silently dead link: a connect waits, a session says nothing, a datagram is lost.
 * When the cable is back, what was held goes on, as TCP would send it again.
 */
export class CutNetwork implements Network {
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #pulled = new Set<string>();
  readonly #sessions = new Set<CutConnection>();
  readonly #waiting = new Set<() => void>();

  constructor(network: Network, clock: Clock) {
    this.#network = network;
    this.#clock = clock;
  }

  pull(source: string): void {
    this.#pulled.add(source);
    for (const session of this.#sessions) if (session.localAddress === source) session.cut();
  }

  restore(source: string): void {
    this.#pulled.delete(source);
    for (const session of this.#sessions) if (session.localAddress === source) session.heal();
    for (const wake of this.#waiting) wake();
  }

  async connect(target: ConnectTarget): Promise<Result<Connection, NetworkError>> {
    const { source, signal } = target;
    if (source === null) return this.#network.connect(target);
    if (this.#pulled.has(source)) {
      const trouble = await this.#silence(source, target.timeoutMs, signal);
      if (trouble !== null) return { ok: false, error: trouble };
    }
    const connected = await this.#network.connect(target);
    if (!connected.ok) return connected;
    const session = new CutConnection(connected.value, () => this.#sessions.delete(session));
    this.#sessions.add(session);
    if (this.#pulled.has(source)) session.cut();
    return { ok: true, value: session };
  }

  listen(
    address: string,
    port: number,
    accept: (connection: Connection) => void,
  ): Promise<Result<Listener, NetworkError>> {
    return this.#network.listen(address, port, accept);
  }

  async datagrams(
    source: string | null,
    family: 4 | 6,
    port?: number,
  ): Promise<Result<DatagramSocket, NetworkError>> {
    const opened = await this.#network.datagrams(source, family, port);
    if (!opened.ok || source === null) return opened;
    const socket = opened.value;
    return {
      ok: true,
      value: {
        port: socket.port,
        handle: message =>
          socket.handle((datagram, from) => {
            if (!this.#pulled.has(source)) message(datagram, from);
          }),
        send: (datagram, to) => {
          if (!this.#pulled.has(source)) socket.send(datagram, to);
        },
        close: () => socket.close(),
      },
    };
  }

  addresses(): readonly PresentAddress[] {
    return this.#network.addresses();
  }

  watchHost(changed: () => void): { close(): void } {
    return this.#network.watchHost(changed);
  }

  routeOf(source: string): Promise<RouteOfSource | null> {
    return this.#network.routeOf(source);
  }

  packetSizes(source: string, address: string): Promise<PacketSizes | null> {
    return this.#network.packetSizes(source, address);
  }

  /** Waits while the cable is out; null once it is back, else why the connect ended. */
  async #silence(
    source: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<NetworkError | null> {
    let late = false;
    const over = (): boolean => late || signal?.aborted === true;
    while (this.#pulled.has(source) && !over()) {
      await new Promise<void>(resolve => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal?.removeEventListener('abort', wake);
          timer.cancel();
          resolve();
        };
        const timer = this.#clock.timer(timeoutMs, () => {
          late = true;
          wake();
        });
        this.#waiting.add(wake);
        signal?.addEventListener('abort', wake);
      });
    }
    if (signal?.aborted === true) return { kind: 'aborted', message: 'the connect was given up' };
    return late ? { kind: 'timeout', message: `no answer within ${timeoutMs} ms` } : null;
  }
}

/** A connection that can be silenced; what is written meanwhile is held, up to the writer's own patience. */
class CutConnection implements Connection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #connection: Connection;
  readonly #left: () => void;
  #cut = false;
  #paused = false;
  #held: (readonly Buffer[])[] = [];
  #endHeld = false;
  #events: ConnectionEvents | null = null;
  #closedHeld: { readonly error: NetworkError | null } | null = null;
  #gone = false;

  constructor(connection: Connection, left: () => void) {
    this.#connection = connection;
    this.#left = left;
    this.localAddress = connection.localAddress;
    this.localPort = connection.localPort;
    this.remoteAddress = connection.remoteAddress;
    this.remotePort = connection.remotePort;
  }

  cut(): void {
    this.#cut = true;
    this.#connection.pause();
  }

  heal(): void {
    this.#cut = false;
    const held = this.#held;
    this.#held = [];
    if (this.#closedHeld !== null) return this.#close(this.#closedHeld.error);
    for (const chunks of held) this.#connection.write(chunks);
    if (this.#endHeld) this.#connection.end();
    if (!this.#paused) this.#connection.resume();
    if (held.length > 0) this.#events?.drained();
  }

  handle(events: ConnectionEvents): void {
    this.#events = events;
    this.#connection.handle({
      data: chunk => events.data(chunk),
      drained: () => {
        if (!this.#cut) events.drained();
      },
      ...(events.ended === undefined ? {} : { ended: () => events.ended?.() }),
      closed: error => {
        if (this.#cut) this.#closedHeld = { error };
        else this.#close(error);
      },
    });
  }

  write(chunks: readonly Buffer[]): boolean {
    if (!this.#cut) return this.#connection.write(chunks);
    this.#held.push(chunks);
    return false;
  }

  async unsentBytes(): Promise<number | null> {
    const inside = await this.#connection.unsentBytes();
    const held = this.#held.flat().reduce((sum, chunk) => sum + chunk.length, 0);
    return inside === null ? null : inside + held;
  }

  startTls(terms: TlsTerms): Promise<Result<TlsFacts, NetworkError>> {
    return this.#connection.startTls(terms);
  }

  pause(): void {
    this.#paused = true;
    this.#connection.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#cut) this.#connection.resume();
  }

  end(): void {
    if (this.#cut) this.#endHeld = true;
    else this.#connection.end();
  }

  destroy(): void {
    this.#cut = false;
    this.#held = [];
    if (this.#closedHeld !== null) this.#close(this.#closedHeld.error);
    else this.#connection.destroy();
  }

  #close(error: NetworkError | null): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#left();
    this.#events?.closed(error);
  }
}
