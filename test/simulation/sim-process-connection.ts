import type { NetworkError } from '../../src/decision/egress/observation.ts';
import type { Connection, ConnectionEvents, Result, TlsFacts, TlsTerms } from '../../src/runtime/ports.ts';
import { Lane, type Lanes } from './sim-lanes.ts';

/** How a process may be treated without anybody's having broken a promise; left out: as kindly as can be. */
export type Treatment = {
  /** How late (ms) the next thing that happens to the process is told to it, a timer's end among them. */
  readonly lateness?: () => number;
  /** How the bytes of one read are cut, and whether a write is said to be over its mark. */
  readonly pieceBytes?: (length: number) => number;
  readonly holdsWrite?: () => boolean;
};

/** Of a process, what its connections need: each thing that one does is a step of its life. */
type Life = { takesStep(): boolean; readonly alive: boolean };

/** A connection as one process has it: what the kernel tells comes by the process's lanes, what it does is a step. */
export class ProcessConnection implements Connection {
  readonly #inner: Connection;
  readonly #process: Life;
  readonly #lanes: Lanes;
  readonly #lane = new Lane();
  readonly #treatment: Treatment;
  /** Called at each step in which something of what the far side said is heard. */
  onHeard: () => void = () => {};
  #events: ConnectionEvents | null = null;
  #deaf = false;
  #owesDrained = false;

  constructor(inner: Connection, process: Life, lanes: Lanes, treatment: Treatment) {
    this.#inner = inner;
    this.#process = process;
    this.#lanes = lanes;
    this.#treatment = treatment;
  }

  get localAddress(): string {
    return this.#inner.localAddress;
  }
  get localPort(): number {
    return this.#inner.localPort;
  }
  get remoteAddress(): string {
    return this.#inner.remoteAddress;
  }
  get remotePort(): number {
    return this.#inner.remotePort;
  }

  handle(events: ConnectionEvents): void {
    this.#events = events;
    this.#inner.handle({
      data: chunk => this.#hear(chunk),
      drained: () => this.#lanes.deliver(new Lane(), () => this.#drained()),
      ...(events.ended === undefined ? null : { ended: () => this.#tell(() => this.#events?.ended?.()) }),
      closed: error => {
        // What was not read is lost with a connection that broke, and is still to be read of one that ended.
        if (error !== null) this.#deaf = true;
        if (this.#deaf || this.#lane.waiting.length === 0) this.#lanes.open(this.#lane);
        this.#lanes.deliver(this.#lane, () => {
          this.#events = null;
          events.closed(error);
        });
      },
    });
  }

  write(chunks: readonly Buffer[]): boolean {
    if (!this.#process.takesStep()) return false;
    const isRoom = this.#inner.write(chunks);
    if (isRoom && this.#treatment.holdsWrite?.() === true) {
      this.#owesDrained = true;
      this.#lanes.deliverSoon(new Lane(), () => this.#drained());
      return false;
    }
    if (!isRoom) this.#owesDrained = true;
    return isRoom;
  }

  async unsentBytes(): Promise<number | null> {
    return this.#inner.unsentBytes();
  }

  startTls(terms: TlsTerms): Promise<Result<TlsFacts, NetworkError>> {
    // Unread bytes in clear are what the handshake gets, and are none.
    if (this.#lane.waiting.length > 0) {
      this.destroy();
      return Promise.resolve({ ok: false, error: { kind: 'other', message: 'The TLS handshake failed.' } });
    }
    return new Promise(resolve => {
      void this.#inner.startTls(terms).then(result => this.#lanes.deliver(this.#lane, () => resolve(result)));
    });
  }

  pause(): void {
    this.#lane.closed = true;
    this.#inner.pause();
  }

  resume(): void {
    this.#lanes.open(this.#lane);
    this.#inner.resume();
  }

  end(): void {
    if (this.#process.takesStep()) this.#inner.end();
  }

  destroy(): void {
    this.#deaf = true;
    if (this.#process.alive) this.#inner.destroy();
    this.#lanes.open(this.#lane);
  }

  #hear(chunk: Buffer): void {
    const size = this.#treatment.pieceBytes?.(chunk.length) ?? chunk.length;
    for (let start = 0; start < chunk.length; start += size) {
      const piece = chunk.subarray(start, start + size);
      this.#lanes.deliver(this.#lane, () => {
        this.onHeard();
        if (!this.#deaf) this.#events?.data(piece);
      });
    }
  }

  #drained(): void {
    if (!this.#owesDrained || this.#deaf) return;
    this.#owesDrained = false;
    this.#events?.drained();
  }

  #tell(happens: () => void): void {
    this.#lanes.deliver(this.#lane, () => {
      if (!this.#deaf) happens();
    });
  }
}
