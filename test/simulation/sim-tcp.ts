import type { NetworkError, NetworkErrorKind } from '../../src/decision/egress/observation.ts';
import type {
  Connection,
  ConnectionEvents,
  Result,
  Timer,
  TlsFacts,
  TlsTerms,
} from '../../src/runtime/ports.ts';
import type { SimClock } from './sim-clock.ts';
import type { Endpoint, Segment } from './sim-packet.ts';
import type { SimRandom } from './sim-random.ts';

/** What a socket needs of its host. */
export type TcpStack = {
  readonly clock: SimClock;
  readonly random: SimRandom;
  readonly cutting: { readonly split: number; readonly merge: number };
  transmit(socket: SimTcp, segment: Segment): void;
  forget(socket: SimTcp): void;
};

const empty = Buffer.alloc(0);
const helloWord = '\x16simulated handshake ';
const largestSegment = 16_384;
const receiveWindow = 262_144;
const sendBuffer = 131_072;
const writeMark = 65_536;
/** Linux: SYN again after 1, 2, 4, … s, given up about 131 s after the first. */
const synRetries = 6;
/** Linux `tcp_retries2`: silence that ends an established connection; without an owner it ends sooner. */
const silenceMs = 924_600;
const orphanSilenceMs = 120_000;

const words: Partial<Record<NetworkErrorKind, string>> = {
  timeout: 'connection timed out',
  refused: 'connection refused',
  reset: 'connection reset by the far side',
  host_unreachable: 'no route to host',
  network_unreachable: 'network is unreachable',
  address_absent: 'the source address is not on this host',
  aborted: 'given up by us',
};

export function networkError(kind: NetworkErrorKind): NetworkError {
  return { kind, message: words[kind] ?? kind };
}

/**
 * One end of a TCP connection as a kernel keeps it: bytes in order, acknowledged, sent again when they were lost, so a
 * cut link is silence and a healed one goes on where it was. A destroyed socket stays with the kernel until its last
 * bytes are through, as on Linux: what was written can still arrive. Segments are split at random places and now and
 * then merged, so nobody may count on where a chunk ends.
 */
export class SimTcp implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #stack: TcpStack;
  #state: 'syn-sent' | 'syn-received' | 'open' | 'gone';
  #opened: ((error: NetworkError | null) => void) | null;
  #events: ConnectionEvents | null = null;

  // What we send.
  #out: Buffer[] = [];
  #unacknowledged = 0;
  #next = 0;
  #end = 0;
  #finAsked = false;
  #congestion = 65_536;
  #peerWindow = receiveWindow;
  #duplicates = 0;
  #wantsDrain = false;
  #retry: Timer | null = null;
  #retries = 0;
  #silentSince: number | null = null;
  #roundTripMs: number | null = null;
  #timed: { readonly sequence: number; readonly at: number } | null = null;

  // What we receive.
  #received = 0;
  #held = new Map<number, Buffer>();
  #finAt: number | null = null;
  #inbox: Buffer[] = [];
  #inboxBytes = 0;
  #flush: Timer | null = null;
  #paused = false;
  #farEnded = false;
  #endTold = false;
  #ackOwed = false;

  /** The far side's part of a handshake is awaited. */
  #greeted: ((hello: string | null) => void) | null = null;

  #orphan = false;
  #closed: { readonly error: NetworkError | null } | null = null;

  constructor(
    stack: TcpStack,
    local: Endpoint,
    remote: Endpoint,
    role: 'client' | 'server',
    opened: (error: NetworkError | null) => void,
  ) {
    this.#stack = stack;
    this.local = local;
    this.remote = remote;
    this.#opened = opened;
    this.#state = role === 'client' ? 'syn-sent' : 'syn-received';
    this.#handshake();
  }

  /** The kernel has forgotten it. */
  get gone(): boolean {
    return this.#state === 'gone';
  }

  get localAddress(): string {
    return this.local.address;
  }
  get localPort(): number {
    return this.local.port;
  }
  get remoteAddress(): string {
    return this.remote.address;
  }
  get remotePort(): number {
    return this.remote.port;
  }

  handle(events: ConnectionEvents): void {
    this.#events = events;
    this.#soon();
  }

  write(chunks: readonly Buffer[]): boolean {
    if (this.#finAsked || this.#closed || this.#state === 'gone') return false;
    for (const chunk of chunks) {
      if (chunk.length === 0) continue;
      this.#out.push(chunk);
      this.#end += chunk.length;
    }
    this.#pump();
    if (this.#end - this.#unacknowledged <= sendBuffer + writeMark) return true;
    this.#wantsDrain = true;
    return false;
  }

  async unsentBytes(): Promise<number | null> {
    return this.#end - this.#unacknowledged;
  }

  /**
   * A handshake in one line from each side, in clear; then all goes on as before. What is no such line fails it, as junk
   * fails a real one.
   */
  async startTls(terms: TlsTerms): Promise<Result<TlsFacts, NetworkError>> {
    const ours = Buffer.from(`${helloWord}${terms.side === 'client' ? terms.serverName : terms.side}\n`);
    const heard = Promise.withResolvers<string | null>();
    this.#greeted = heard.resolve;
    const late = this.#stack.clock.after(terms.timeoutMs, () => heard.resolve(null));
    // The client speaks first: before that not a byte of the cipher is on the wire.
    if (terms.side === 'client') this.write([ours]);
    if (this.#inboxBytes > 0) this.#soon();
    const hello = await heard.promise;
    late.cancel();
    this.#greeted = null;
    if (hello === null) {
      this.destroy();
      return { ok: false, error: { kind: 'other', message: 'The TLS handshake failed.' } };
    }
    if (terms.side === 'server') this.write([ours]);
    this.#soon();
    const facts = { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', resumed: false, unverified: null };
    return { ok: true, value: facts };
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#soon();
  }

  end(): void {
    if (this.#finAsked || this.#state === 'gone') return;
    this.#finAsked = true;
    this.#pump();
    this.#closeWhenBothEnded();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#close(null);
    this.#abandon();
  }

  /** The process that owned it was killed: it hears nothing more, and the kernel does what is left. */
  bereave(): void {
    this.#events = null;
    this.#opened = null;
    this.#closed ??= { error: null };
    this.#abandon();
  }

  /** Given up while connecting: not a packet more. */
  abandonConnect(): void {
    this.#opened = null;
    this.#gone();
  }

  /** The network's answer to a packet of ours: only a connect hears it, except a reset. */
  unreachable(kind: NetworkErrorKind): void {
    if (this.#state === 'gone') return;
    if (this.#state === 'syn-sent') this.#fail(kind);
    else if (kind === 'refused') this.#fail('reset');
  }

  /** A segment from the far side. */
  arrive(segment: Segment): void {
    if (this.#state === 'gone') return;
    if (segment.rst) {
      this.#fail(this.#state === 'syn-sent' ? 'refused' : 'reset');
      return;
    }
    if (segment.syn) {
      if (this.#state === 'syn-sent' && segment.ack) this.#establish();
      if (segment.ack) this.#sendEmpty();
      else this.#handshakeReply();
      return;
    }
    if (this.#state === 'syn-sent') return;
    if (this.#state === 'syn-received') this.#establish();
    if (segment.ack) this.#acknowledge(segment);
    if (segment.payload.length > 0 || segment.fin) this.#take(segment);
  }

  #handshake(): void {
    const syn = (): void => {
      this.#transmit({ syn: true, ack: this.#state === 'syn-received', sequence: 0 });
      this.#retry = this.#stack.clock.after(1_000 * 2 ** this.#retries, () => {
        this.#retries += 1;
        if (this.#retries <= synRetries) syn();
        else this.#fail('timeout');
      });
    };
    syn();
  }

  /** A SYN came again: our answer to it was lost. */
  #handshakeReply(): void {
    if (this.#state === 'syn-received' || this.#state === 'open')
      this.#transmit({ syn: true, ack: true, sequence: 0 });
  }

  #establish(): void {
    this.#state = 'open';
    this.#retry?.cancel();
    this.#retry = null;
    this.#retries = 0;
    const opened = this.#opened;
    this.#opened = null;
    opened?.(null);
    this.#pump();
  }

  #acknowledge(segment: Segment): void {
    this.#peerWindow = segment.window;
    const { acknowledged } = segment;
    if (acknowledged > this.#unacknowledged) {
      this.#drop(acknowledged - this.#unacknowledged);
      this.#congestion = Math.min(65_536, this.#congestion + (acknowledged - this.#unacknowledged));
      this.#unacknowledged = acknowledged;
      this.#next = Math.max(this.#next, acknowledged);
      this.#duplicates = 0;
      this.#retries = 0;
      this.#silentSince = null;
      if (this.#timed && acknowledged > this.#timed.sequence) {
        this.#roundTripMs = this.#stack.clock.monotonic() - this.#timed.at;
        this.#timed = null;
      }
      this.#retry?.cancel();
      this.#retry = null;
      this.#wake();
    } else if (segment.payload.length === 0 && !segment.fin && this.#unacknowledged < this.#next) {
      this.#duplicates += 1;
      if (this.#duplicates === 3) this.#sendFrom(this.#unacknowledged);
    }
    this.#pump();
    if (this.#finAsked && this.#unacknowledged > this.#end) this.#finished();
  }

  /** Forgets acknowledged bytes. */
  #drop(count: number): void {
    let left = count;
    for (let first = this.#out[0]; first && left > 0; first = this.#out[0]) {
      if (first.length > left) {
        this.#out[0] = first.subarray(left);
        return;
      }
      left -= first.length;
      this.#out.shift();
    }
  }

  #wake(): void {
    if (!this.#wantsDrain || this.#end - this.#unacknowledged > sendBuffer) return;
    this.#wantsDrain = false;
    if (!this.#closed) this.#events?.drained();
  }

  /** Sends all that the windows let through, then waits for its acknowledgement. */
  #pump(): void {
    if (this.#state !== 'open') return;
    const last = this.#finAsked ? this.#end + 1 : this.#end;
    while (
      this.#next < last &&
      this.#next - this.#unacknowledged < Math.min(this.#congestion, this.#peerWindow)
    ) {
      this.#next = this.#sendFrom(this.#next);
    }
    if (this.#unacknowledged < last && this.#retry === null) this.#awaitAcknowledgement();
  }

  #awaitAcknowledgement(): void {
    this.#silentSince ??= this.#stack.clock.monotonic();
    const first = Math.max(200, 200 + 2 * (this.#roundTripMs ?? 100));
    this.#retry = this.#stack.clock.after(Math.min(120_000, first * 2 ** this.#retries), () => {
      this.#retry = null;
      const silent = this.#stack.clock.monotonic() - (this.#silentSince ?? 0);
      if (silent > (this.#orphan ? orphanSilenceMs : silenceMs)) {
        this.#fail('timeout');
        return;
      }
      this.#retries += 1;
      this.#timed = null;
      this.#congestion = 4 * 1_460;
      this.#next = this.#sendFrom(this.#unacknowledged);
      this.#pump();
    });
  }

  /** Sends one segment that begins at `from`; gives where the next one begins. */
  #sendFrom(from: number): number {
    const { random, clock, cutting } = this.#stack;
    let size = Math.min(this.#end - from, largestSegment);
    if (size > 1 && random.chance(cutting.split)) size = random.between(1, Math.min(size, 200));
    const fin = this.#finAsked && from + size === this.#end;
    this.#timed ??= { sequence: from, at: clock.monotonic() };
    this.#transmit({ ack: true, fin, sequence: from, payload: this.#slice(from, size) });
    return from + size + (fin ? 1 : 0);
  }

  #slice(from: number, size: number): Buffer {
    if (size === 0) return empty;
    const pieces: Buffer[] = [];
    let skip = from - this.#unacknowledged;
    let left = size;
    for (const chunk of this.#out) {
      if (left === 0) break;
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      const piece = chunk.subarray(skip, skip + left);
      skip = 0;
      left -= piece.length;
      pieces.push(piece);
    }
    return Buffer.concat(pieces, size);
  }

  #take(segment: Segment): void {
    if (this.#orphan) {
      this.#transmit({ rst: true });
      this.#gone();
      return;
    }
    const { sequence, payload } = segment;
    if (segment.fin) this.#finAt = sequence + payload.length;
    if (payload.length > 0 && sequence + payload.length > this.#received && this.#held.size < 256)
      this.#held.set(sequence, payload);
    this.#ackOwed = true;
    for (let found = true; found; ) {
      found = false;
      for (const [start, bytes] of this.#held) {
        if (start > this.#received) continue;
        this.#held.delete(start);
        found = true;
        const fresh = bytes.subarray(this.#received - start);
        if (fresh.length === 0) continue;
        this.#received += fresh.length;
        this.#inbox.push(Buffer.from(fresh));
        this.#inboxBytes += fresh.length;
      }
    }
    if (this.#finAt === this.#received && !this.#farEnded) {
      this.#received += 1;
      this.#farEnded = true;
    }
    if (this.#stack.random.chance(this.#stack.cutting.merge)) this.#later();
    else this.#deliver();
    if (this.#ackOwed) this.#sendEmpty();
    if (this.#farEnded && this.#finAsked && this.#unacknowledged > this.#end) this.#gone();
  }

  /** The handler may only just have been set, or the kernel merges what comes within a moment. */
  #soon(): void {
    this.#flush ??= this.#stack.clock.after(0, () => this.#deliver());
  }

  #later(): void {
    this.#flush ??= this.#stack.clock.after(this.#stack.random.between(1, 4), () => this.#deliver());
  }

  #deliver(): void {
    this.#flush?.cancel();
    this.#flush = null;
    if (!this.#events || this.#closed) {
      this.#tellClosed();
      return;
    }
    if (this.#greeted !== null) this.#hearHello(this.#greeted);
    else if (this.#inboxBytes > 0 && !this.#paused) {
      const wasFull = this.#inboxBytes >= receiveWindow;
      const chunk = Buffer.concat(this.#inbox, this.#inboxBytes);
      this.#inbox = [];
      this.#inboxBytes = 0;
      if (wasFull) this.#sendEmpty();
      this.#events.data(chunk);
    }
    if (this.#farEnded && this.#inboxBytes === 0 && !this.#endTold) {
      this.#endTold = true;
      if (this.#events?.ended) this.#events.ended();
      else this.end();
      this.#closeWhenBothEnded();
    }
  }

  #hearHello(greeted: (hello: string | null) => void): void {
    const bytes = Buffer.concat(this.#inbox, this.#inboxBytes);
    const end = bytes.indexOf('\n');
    const isHello = bytes.subarray(0, helloWord.length).equals(Buffer.from(helloWord.slice(0, bytes.length)));
    if (!isHello || (end < 0 && (bytes.length > 300 || this.#farEnded))) return greeted(null);
    if (end < 0) return;
    const rest = bytes.subarray(end + 1);
    this.#inbox = rest.length === 0 ? [] : [rest];
    this.#inboxBytes = rest.length;
    this.#greeted = null;
    greeted(bytes.toString('latin1', 0, end));
  }

  #closeWhenBothEnded(): void {
    if (this.#finAsked && this.#farEnded && this.#inboxBytes === 0) this.#close(null);
  }

  #close(error: NetworkError | null): void {
    if (this.#closed) return;
    this.#greeted?.(null);
    this.#closed = { error };
    this.#stack.clock.after(0, () => this.#tellClosed());
  }

  #tellClosed(): void {
    const events = this.#events;
    if (!this.#closed || !events) return;
    this.#events = null;
    events.closed(this.#closed.error);
  }

  /** The owner is gone; the kernel sends what it has. Unread bytes make it a reset (RFC 1122 section 4.2.2.13). */
  #abandon(): void {
    if (this.#state === 'gone') return;
    if (this.#inboxBytes > 0 || this.#state !== 'open') {
      this.#transmit({ rst: true });
      this.#gone();
      return;
    }
    this.#orphan = true;
    this.#finAsked = true;
    if (this.#unacknowledged > this.#end) this.#finished();
    else this.#pump();
  }

  /** Our FIN was acknowledged. */
  #finished(): void {
    if (this.#farEnded || this.#orphan) this.#gone();
  }

  #fail(kind: NetworkErrorKind): void {
    const opened = this.#opened;
    this.#opened = null;
    const error = networkError(kind);
    this.#gone();
    if (opened) opened(error);
    else this.#close(error);
  }

  #gone(): void {
    this.#retry?.cancel();
    this.#retry = null;
    this.#state = 'gone';
    this.#stack.forget(this);
  }

  #sendEmpty(): void {
    if (this.#state !== 'gone') this.#transmit({ ack: true, sequence: this.#next });
  }

  #transmit(part: Partial<Segment>): void {
    this.#ackOwed = false;
    const window = Math.max(0, receiveWindow - this.#inboxBytes);
    const nothing = { syn: false, ack: false, fin: false, rst: false, sequence: this.#next, payload: empty };
    this.#stack.transmit(this, { ...nothing, acknowledged: this.#received, window, ...part });
  }
}
