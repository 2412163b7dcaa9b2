import type { PresentAddress, RouteOfSource } from '../decision/egress/host-advice.ts';
import type { NetworkError } from '../decision/egress/observation.ts';
import type { QueueCensus } from '../decision/queue/census.ts';
import type {
  BodyRef,
  LeasedRecipient,
  MessageId,
  Outage,
  QueuedMessage,
  QueuedRecipient,
} from '../decision/queue/queued.ts';
import type { RecipientDsn } from '../protocol/smtp/envelope.ts';
import type { TlsFacts } from '../protocol/tls/tls-facts.ts';
import type { TraceEvent } from './events.ts';

/** A value, or the failure that the network, a disk or an operator caused. Exceptions are bugs or lost resources. */
export type Result<Value, Failure> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Failure };

/** Time. Wall and monotonic apart: only durations are reckoned by the second, only what is stored or shown by the first. */
export interface Clock {
  /** Wall milliseconds since the epoch; may jump. */
  now(): number;
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** Calls `fire` once after `ms`; 0: when all that has come in by now was heard. A timer never keeps the process alive by itself. */
  timer(ms: number, fire: () => void): Timer;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Timer {
  cancel(): void;
}

/** Chance. `next` is uniform in [0, 1). */
export interface Random {
  next(): number;
}

/** Sockets and what the host says of its addresses, links and routes. */
export interface Network {
  /**
   * Opens a TCP connection. `source` null: unbound. Never happy-eyeballs: one source, one address.
   * An abort ends it at once with error kind `aborted` and no packet of ours after the SYN but a reset.
   */
  connect(target: ConnectTarget): Promise<Result<Connection, NetworkError>>;
  /** Listens on one address; `port` 0 takes a free one. */
  listen(
    address: string,
    port: number,
    accept: (connection: Connection) => void,
  ): Promise<Result<Listener, NetworkError>>;
  /** A UDP socket bound to `source` (null: unbound), connected to nobody. */
  datagrams(
    source: string | null,
    family: 4 | 6,
    port?: number,
  ): Promise<Result<DatagramSocket, NetworkError>>;
  /** The addresses that this host has now; cheap (under 0.1 ms). */
  addresses(): readonly PresentAddress[];
  /** Tells when addresses, links or routes of the host may have changed; the listener asks again. */
  watchHost(changed: () => void): { close(): void };
  /** How packets with this source address would leave, by the host's policy routing; null where the host cannot tell. */
  routeOf(source: string): Promise<RouteOfSource | null>;
  /** How large packets from this source to that address may be, as far as the kernel knows; null where it cannot tell. */
  packetSizes(source: string, address: string): Promise<PacketSizes | null>;
}

/** Bytes, IP header and all. */
export type PacketSizes = {
  readonly interface: string;
  /** The MTU of that interface, or of the route where the operator wrote a smaller one into it. */
  readonly link: number;
  /** Of the whole path, as routers have told; `link` where none has. */
  readonly path: number;
};

export type ConnectTarget = {
  readonly source: string | null;
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
};

/** What the host says of its own addresses and routes; the advice about them is decided from the same. */
export type { PresentAddress, RouteOfSource, TlsFacts };

/** What a connection tells. `data` buffers belong to the receiver; nothing is delivered while paused. `closed` comes exactly once, last. */
export type ConnectionEvents = {
  data(chunk: Buffer): void;
  /** The write buffer is empty again after `write` returned false. */
  drained(): void;
  /**
   * The far side has ended its half, and all its data was delivered; now we end ours when we have said all.
   * Where this is left out, our half is ended at once.
   */
  ended?(): void;
  /** `null`: ended in order by the far side or by us. */
  closed(error: NetworkError | null): void;
};

/** One TCP connection. Handlers are set once, at once after it is handed over; data waits for them. */
export interface Connection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  handle(events: ConnectionEvents): void;
  /** Many chunks in one system call. False: the buffer is over its mark, wait for `drained`. Bytes are never changed after. */
  write(chunks: readonly Buffer[]): boolean;
  /** Bytes written that the far side has not acknowledged, kernel's and ours; null where the host cannot tell. */
  unsentBytes(): Promise<number | null>;
  /**
   * Goes over to TLS (RFC 3207), once. Called within the handler of the last plain data, with nothing unread and
   * nothing more to write; bytes that come after are the handshake's. From its success on `data` and `write` are what
   * the far side of the cipher says and hears. After a failure the connection is destroyed, and `closed` follows.
   */
  startTls(terms: TlsTerms): Promise<Result<TlsFacts, NetworkError>>;
  pause(): void;
  resume(): void;
  /** Sends what is written, then FIN. */
  end(): void;
  /** Gone at once; `closed` follows. */
  destroy(): void;
}

export type TlsTerms =
  | {
      readonly side: 'client';
      /** What the certificate must name, and the SNI unless it is an address; null: any name will do. */
      readonly serverName: string | null;
      /** Where true, a certificate that does not verify for `serverName` by the host's trust store is a failure. */
      readonly verify: boolean;
      /** Connections of one key resume each other's sessions. */
      readonly sessionKey: string;
      /** The facts hold the certificates that the far side showed; no session is resumed. */
      readonly chain?: true;
      readonly timeoutMs: number;
    }
  | { readonly side: 'server'; readonly certificates: CertificateChoice; readonly timeoutMs: number };

/** Which certificate a client is shown that asks for `serverName`; null where it named none. Asked once a handshake. */
export interface CertificateChoice {
  choose(serverName: string | null): ServerCertificate;
}

/** PEM texts that fit each other; the same object gives resumption, so it is made once for each change of the files. */
export type ServerCertificate = { readonly chain: string; readonly key: string };

export interface Listener {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface DatagramSocket {
  readonly port: number;
  handle(message: (datagram: Buffer, from: { address: string; port: number }) => void): void;
  send(datagram: Buffer, to: { address: string; port: number }): void;
  close(): void;
}

/** The queue's disk is full, damaged or gone. `full` is answered by 452 4.3.1. */
export type StoreError = { readonly kind: 'full' | 'damaged' | 'failed'; readonly message: string };

/** A message to append. Recipients with `lease` set are at once ours to attempt, without a second look-up. */
export type NewMessage = {
  readonly message: QueuedMessage;
  readonly body: BodyRef;
  readonly forwardPaths: readonly string[];
  /** What was asked of reports about each, in the order of `forwardPaths`; left out: nothing of any. */
  readonly recipientDsn?: readonly (RecipientDsn | null)[];
  readonly lease: { readonly owner: string; readonly until: number } | null;
};

/**
 * What an attempt or an operator made of one leased recipient.
 * `done` removes it (and the message with its last recipient); why it is done is the trace's affair.
 */
export type Settlement = {
  readonly message: MessageId;
  readonly index: number;
  readonly to:
    | { readonly kind: 'done' }
    | (Pick<
        QueuedRecipient,
        'state' | 'attempts' | 'nextAttemptAt' | 'lastEgress' | 'lastReply' | 'doubt'
      > & {
        readonly kind: 'keep';
        /** Left out: as it was. */
        readonly delayTold?: true;
        /**
         * Nothing was tried, for its destination does not answer: this recipient and all others that wait for the
         * same domain are leased no earlier (wall ms).
         */
        readonly destinationUntil?: number;
      });
};

/** How many recipients are taken: those never attempted before, and those that wait for a retry. */
export type LeaseLimits = { readonly fresh: number; readonly retried: number };

/** Which recipients an operator means; all given conditions must hold, and an empty filter means all. */
export type QueueFilter = {
  readonly message?: MessageId;
  readonly domain?: string;
  readonly reversePath?: string;
  readonly forwardPath?: string;
  readonly state?: QueuedRecipient['state'];
};

/** Writes a body too large for the row. Bounded memory: await each `write`. */
export interface BodyWriter {
  write(chunks: readonly Buffer[]): Promise<Result<void, StoreError>>;
  /** Syncs file and directory; only then may a row name it. */
  finish(): Promise<Result<BodyRef, StoreError>>;
  abort(): Promise<void>;
}

/**
 * The durable queue. One contract test runs on every implementation: SQLite, the simulator's memory, later PostgreSQL.
 * Every promise here resolves AFTER the change is durable; changes that arrive while one commit runs share the next.
 */
export interface QueueStore {
  append(message: NewMessage): Promise<Result<void, StoreError>>;
  /** Settles recipients and appends new messages (bounces) in one transaction: both or neither. */
  settle(
    settlements: readonly Settlement[],
    bounces?: readonly NewMessage[],
  ): Promise<Result<void, StoreError>>;
  openBody(): Promise<Result<BodyWriter, StoreError>>;
  /** `end` exclusive. */
  readRange(body: BodyRef, start: number, end: number): Promise<Result<Buffer, StoreError>>;
  /**
   * Leases recipients due at `now` that nobody holds, up to `limits`, in fair turns: fresh ones by their senders,
   * retried ones by their destinations (`decision/queue/turn.ts`), in each turn the earliest first. Inline bodies come
   * with them.
   */
  lease(request: {
    owner: string;
    now: number;
    until: number;
    limits: LeaseLimits;
  }): Promise<Result<readonly LeasedRecipient[], StoreError>>;
  /** Puts our leases' end further off while their attempts run. */
  renew(owner: string, until: number): Promise<Result<void, StoreError>>;
  /** When the next unleased recipient, of this kind where it is given, may be leased (wall ms); null: none waits. */
  nextDue(kind?: keyof LeaseLimits): Promise<Result<number | null, StoreError>>;
  /** At start: our own leases of a life before become doubts of cause `crash`, due at once. Gives their number. */
  recover(owner: string, now: number): Promise<Result<number, StoreError>>;
  list(
    filter: QueueFilter,
    limit: number,
    after: MessageId | null,
  ): Promise<Result<readonly StoredMessage[], StoreError>>;
  /** An operator's hand on what is not leased; gives how many recipients were changed. */
  retry(filter: QueueFilter, now: number): Promise<Result<number, StoreError>>;
  hold(filter: QueueFilter): Promise<Result<number, StoreError>>;
  release(filter: QueueFilter, now: number): Promise<Result<number, StoreError>>;
  remove(
    filter: QueueFilter,
  ): Promise<Result<readonly { message: MessageId; forwardPath: string }[], StoreError>>;
  /** The largest ID ever appended; null in an empty store. IDs go on from it. */
  lastId(): Promise<Result<MessageId | null, StoreError>>;
  outages(): Promise<Result<readonly Outage[], StoreError>>;
  /** Replaces the stored list (it is short: old ones that no message can reach are left out by the caller). */
  saveOutages(outages: readonly Outage[]): Promise<Result<void, StoreError>>;
  /** Small facts kept over restarts: a text by key, in a form that its writer chose. */
  remember(key: string, value: string | null): Promise<Result<void, StoreError>>;
  recall(key: string): Promise<Result<string | null, StoreError>>;
  counts(): Promise<Result<{ messages: number; recipients: number }, StoreError>>;
  /** Counts by walking over the whole queue in steps; mail goes on meanwhile, so it is no picture of one moment. */
  census(): Promise<Result<QueueCensus, StoreError>>;
  /** Bytes that may still be written on the queue's disk, and how many of them new mail may not take; cheap. */
  space(): { readonly freeBytes: number; readonly reserveBytes: number };
  close(): Promise<void>;
}

/** A queued message with its recipients, as `queue list` shows it, and its body's place. */
export type StoredMessage = {
  readonly message: QueuedMessage;
  readonly body: BodyRef;
  readonly recipients: readonly QueuedRecipient[];
};

/** The trace's database: written in batches, read by `trace`. */
export interface TraceStore {
  /** Never waits and never fails the caller; bounded, and what had to be left out is counted. */
  record(event: TraceEvent): void;
  /** By message ID or by address (sender or recipient), oldest first. */
  find(idOrAddress: string, limit: number): Promise<readonly TraceEvent[]>;
  /** Tells, in a whole sentence, that it was damaged and began anew; at once of what was so before. One hearer. */
  onPutAside(hear: (sentence: string) => void): void;
  close(): Promise<void>;
}

/** Files of the operator's: certificates, recipients, secrets. */
export interface Files {
  /** The whole file, at most `limitBytes`; the error is a sentence that names the file. */
  read(path: string, limitBytes: number): Promise<Result<Buffer, string>>;
  /** Tells when the file at this path may have changed, however it was replaced; never more than once a second. */
  watch(path: string, changed: () => void): { close(): void };
}

/** Programs of the operator's. */
export interface Processes {
  /**
   * Runs a program without a shell, in a process group of its own, its output cut at 4 KiB. After `timeoutMs` the
   * whole group is killed. The error is a sentence.
   */
  run(request: {
    readonly path: string;
    /** Left out: none. */
    readonly arguments?: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<Result<void, string>>;
}

/** Programs of this host that answer: what they say is wanted, and not only how they end. */
export interface Programs {
  /**
   * Runs a program as `Processes` does, with `input` on its standard input, and gives its standard output. Code 0 and
   * no more than `outputBytes` is a success; the error is a sentence, with the end of what it said where it failed.
   */
  ask(request: {
    readonly path: string;
    readonly arguments: readonly string[];
    readonly input?: string | Buffer;
    /** What it leaves running goes on, and is not waited for. */
    readonly background?: true;
    readonly outputBytes: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<Result<string, string>>;
  /**
   * Runs a program that goes on for as long as it likes, and hands over each line of its standard output; what of a
   * line is beyond 4 KiB is left out. Gives a sentence when it has ended, by itself or by `signal`. It never outlives us.
   */
  follow(request: {
    readonly path: string;
    readonly arguments: readonly string[];
    readonly line: (text: string) => void;
    readonly signal: AbortSignal;
  }): Promise<string>;
}

/** Calls over HTTP. */
export interface Web {
  /** Posts a text and gives the status; the reply's body is not read. The error is a sentence. */
  post(request: {
    readonly url: string;
    readonly contentType: string;
    /** More header fields; left out: none. */
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: string;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
    /** The address to call from; null: the host's choice. */
    readonly source: string | null;
  }): Promise<Result<number, string>>;
  /** Gets a text from the host at this address; redirects are not followed. The error is a sentence. */
  get(request: {
    readonly url: string;
    /** Where the host of the URL is called, and under whose name its certificate must verify. */
    readonly address: string;
    readonly limitBytes: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<Result<{ readonly status: number; readonly body: string }, string>>;
}
