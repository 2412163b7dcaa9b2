import type { EgressState, Fitness } from '../decision/egress/health-state.ts';
import type { QueueCensus } from '../decision/queue/census.ts';
import type { EventStream } from './events.ts';
import type { QueueStore, Result, TraceStore } from './ports.ts';

/** What the running gateway lets its operator see and do; the control socket and the pages over HTTP are built on it. */
export interface GatewayControl {
  readonly queue: QueueStore;
  readonly trace: TraceStore;
  readonly events: EventStream;
  uplinks(): readonly UplinkReport[];
  /** Connect, greeting and EHLO through each egress of the uplink, now. Error: the name is unknown. */
  testUplink(name: string): Promise<Result<readonly EgressTest[], string>>;
  /** `untilMs` wall; null: until resumed. Kept over restarts. Error: the name is unknown, or it is done and could not be kept. */
  drain(name: string, untilMs: number | null, reason: string): Promise<Result<void, string>>;
  resume(name: string): Promise<Result<void, string>>;
  /**
   * Mail by this uplink (null: the spare) for a while, and what came of it. It gives up at the first sign of harm, and at
   * once when `signal` aborts. Error: there is no such uplink, or a drill makes no sense now.
   */
  drill(
    name: string | null,
    forMs: number,
    progress: (progress: DrillProgress) => void,
    signal: AbortSignal,
  ): Promise<Result<DrillReport, string>>;
  /** The queue was changed by hand: look again for what is due. */
  wake(): void;
  /** An operator took these recipients out of the queue: logged, counted and traced. */
  removed(recipients: readonly { message: string; forwardPath: string }[]): void;
  /** Tells a test by each configured way, now; one line for each. */
  notifyTest(): Promise<readonly NotifyTest[]>;
  /** The queue and its disk, as they were last looked at. */
  queueStanding(): QueueStanding;
  listeners(): readonly { address: string; port: number; role: string; state: string }[];
}

/** What became of a test by one way of `notify`. */
export type NotifyTest = {
  /** `mail postmaster@example.com`, `command /usr/local/bin/on-change`, `webhook https://ntfy.example`. */
  readonly way: string;
  readonly ok: boolean;
  /** A whole sentence. */
  readonly text: string;
};

export type QueueStanding = {
  /** Null until it was counted. */
  readonly census: QueueCensus | null;
  readonly freeBytes: number;
  /** Why no new mail can be stored, in a whole sentence; null where it can. */
  readonly unwritable: string | null;
};

/** As `uplinks --json` prints it (there in snake case, times RFC 3339). */
export type UplinkReport = {
  readonly name: string;
  readonly state: EgressState;
  readonly since: number;
  readonly reason: string;
  readonly preference: number;
  readonly egresses: readonly EgressReport[];
};

export type EgressReport = {
  readonly id: string;
  readonly source: string | null;
  readonly public: string | null;
  readonly ehlo: string;
  readonly state: EgressState;
  readonly since: number;
  readonly reason: string;
  readonly fit: Fitness;
  /** Why it is unfit or unknown; '' while it is fit. */
  readonly fitReason: string;
  readonly changes24h: number;
  readonly sent: number;
  readonly failed: number;
  readonly ratePerS: number;
  readonly connectMs: { readonly p50: number | null; readonly p99: number | null };
};

export type EgressTest = {
  readonly egress: string;
  readonly source: string | null;
  readonly host: string | null;
  readonly ok: boolean;
  /** One line for each step: connect, greeting, EHLO, STARTTLS, the identity's look-ups; the error in words where a step failed. */
  readonly steps: readonly {
    readonly step: 'connect' | 'greeting' | 'ehlo' | 'starttls' | 'ptr' | 'forward' | 'ehlo_address';
    readonly ok: boolean;
    readonly text: string;
    readonly elapsedMs: number;
  }[];
};

/** What a drill has seen so far. */
export type DrillProgress = Pick<
  DrillReport,
  'uplink' | 'usual' | 'ranMs' | 'sent' | 'deferred' | 'refused' | 'unreached'
>;

/** What a drill saw of the uplink, and of the one that it stood in for at the same time. */
export type DrillReport = {
  readonly uplink: string;
  /** Who carries the mail otherwise. */
  readonly usual: string;
  readonly ranMs: number;
  /** It gave up before its time, at the first sign of harm: why. Null: it ran to its end. */
  readonly stopped: string | null;
  readonly sent: number;
  readonly deferred: number;
  readonly refused: number;
  /** Connects that failed. */
  readonly unreached: number;
  readonly connectMs: { readonly p50: number | null; readonly p99: number | null };
  /** The same of the uplink that carries the mail otherwise, over its latest connects. */
  readonly usualConnectMs: { readonly p50: number | null; readonly p99: number | null };
  /** From an attempt's start to the receiver's word, of what each of the two delivered in this time. */
  readonly deliveryMs: { readonly p50: number | null; readonly p99: number | null };
  readonly usualDeliveryMs: { readonly p50: number | null; readonly p99: number | null };
  /** What a session from each of its addresses showed before mail was moved. */
  readonly tests: readonly EgressTest[];
  readonly identity: readonly { readonly egress: string; readonly fit: Fitness; readonly reason: string }[];
  /** Does it carry mail? With the reason, in a whole sentence. */
  readonly verdict: 'carries' | 'harm' | 'no_mail';
  readonly reason: string;
};
