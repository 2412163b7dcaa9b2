import type { BodyType, MessageDsn, RecipientDsn } from '../../protocol/smtp/envelope.ts';

/** A message's name everywhere: 11 characters of Crockford base 32, rising with time. The store's row key is the number it encodes. */
export type MessageId = string;

/** Where a message's bytes are: in the row, or in `state_dir/spool`. The Received field that we add is part of them. */
export type BodyRef =
  | { readonly kind: 'inline'; readonly bytes: Buffer }
  | { readonly kind: 'spool'; readonly file: string; readonly sizeBytes: number };

/** A message as accepted; never changed afterwards. */
export type QueuedMessage = {
  readonly id: MessageId;
  /** Wall ms. */
  readonly receivedAt: number;
  /** Without brackets; '' is the null reverse-path. */
  readonly reversePath: string;
  readonly sizeBytes: number;
  readonly bodyType: BodyType;
  /** The client asked for SMTPUTF8 (RFC 6531); left out: it did not. */
  readonly smtpUtf8?: true;
  /** What it asked of delivery reports (RFC 3461); left out: nothing. */
  readonly dsn?: MessageDsn;
  /** Who gave it to us, for log and trace: `{ address, helo, listener, uplink }`; null for our own bounces. */
  readonly client: MessageClient | null;
};

export type MessageClient = {
  readonly address: string;
  readonly helo: string;
  readonly listener: string;
  /** The uplink whose address it came in by; null for private listeners. */
  readonly uplink: string | null;
  /** The protocol and cipher that its session had; left out: clear text. */
  readonly tls?: string;
};

/** The final dot went out and no answer came (`dot`), or we crashed while its lease was out (`crash`). */
export type Doubt = {
  readonly cause: 'dot' | 'crash';
  readonly since: number;
  readonly egressId: string | null;
  readonly host: string | null;
};

export type RecipientState = 'queued' | 'active' | 'deferred' | 'held' | 'in_doubt';

/** One recipient of a queued message: the unit of lease, attempt and outcome. All times are wall ms. */
export type QueuedRecipient = {
  readonly message: MessageId;
  /** Its place in the message's list of recipients. */
  readonly index: number;
  readonly forwardPath: string;
  readonly state: RecipientState;
  readonly attempts: number;
  readonly nextAttemptAt: number;
  /** Several nodes will share a queue: who works on it, and until when. */
  readonly lease: { readonly owner: string; readonly until: number } | null;
  /** A retry after a 4xx stays on it while it is up, 4 h at most: a change restarts a receiver's greylisting. */
  readonly lastEgress: { readonly id: string; readonly since: number } | null;
  readonly lastReply: string | null;
  readonly doubt: Doubt | null;
  /** What was asked of reports about it (RFC 3461); left out: nothing. */
  readonly dsn?: RecipientDsn;
  /** The sender was told that it waits. */
  readonly delayTold?: true;
};

/** How long mail is ours before another node may take it, ms; renewed while it is attempted. */
export const leaseMs = 5 * 60_000;

/** A recipient of a message that was leased to us as it was appended: due at once. */
export function freshRecipient(
  { id, receivedAt }: QueuedMessage,
  index: number,
  forwardPath: string,
  lease: QueuedRecipient['lease'],
  dsn: RecipientDsn | null,
): QueuedRecipient {
  return {
    message: id,
    index,
    forwardPath,
    state: 'active',
    attempts: 0,
    nextAttemptAt: receivedAt,
    lease,
    lastEgress: null,
    lastReply: null,
    doubt: null,
    ...(dsn === null ? {} : { dsn }),
  };
}

/** A recipient whose lease we hold, with what is needed to attempt it. */
export type LeasedRecipient = {
  readonly recipient: QueuedRecipient;
  readonly message: QueuedMessage;
  readonly body: BodyRef;
};

/** Times (wall ms) in which no uplink was up: they do not count toward expiry. `to` null: it lasts. */
export type Outage = { readonly from: number; readonly to: number | null };
