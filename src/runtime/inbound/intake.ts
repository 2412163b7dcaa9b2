import type { MessageIds } from '../../decision/queue/message-id.ts';
import {
  type BodyRef,
  freshRecipient,
  type LeasedRecipient,
  leaseMs,
  type MessageClient,
  type MessageId,
  type QueuedMessage,
} from '../../decision/queue/queued.ts';
import { senderTurn, type Turn } from '../../decision/queue/turn.ts';
import type { BodyType, MessageDsn, RecipientDsn } from '../../protocol/smtp/envelope.ts';
import { type Reply, reply } from '../../protocol/smtp/reply.ts';
import { type EventStream, messageEvent } from '../events.ts';
import type { Clock, QueueStore, StoreError } from '../ports.ts';

/** Who attempts what was taken; the dispatcher, seen from here. */
export type Outlet = {
  /** How many more recipients of this sender it takes at once. */
  roomFor(sender: Turn): number;
  offer(leased: readonly LeasedRecipient[]): void;
  /** Something is due in the store that was not offered. */
  wake(): void;
};

/** A message whose body is whole, before its commit. */
export type Submission = {
  readonly id: MessageId;
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  readonly bodyType: BodyType;
  readonly smtpUtf8: boolean;
  /** Null: nothing was asked of delivery reports; for each recipient too. */
  readonly dsn: MessageDsn | null;
  readonly recipientDsn: readonly (RecipientDsn | null)[] | null;
  readonly body: BodyRef;
  readonly client: MessageClient;
};

/** Takes responsibility: commits a message, only then says 250, and hands it straight to delivery. */
export class Intake {
  readonly ids: MessageIds;
  readonly #store: QueueStore;
  readonly #clock: Clock;
  readonly #events: EventStream;
  readonly #outlet: Outlet;
  readonly #owner: string;
  #lastComplaintAt = Number.NEGATIVE_INFINITY;

  constructor(parts: {
    store: QueueStore;
    clock: Clock;
    events: EventStream;
    outlet: Outlet;
    owner: string;
    ids: MessageIds;
  }) {
    this.ids = parts.ids;
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#events = parts.events;
    this.#outlet = parts.outlet;
    this.#owner = parts.owner;
  }

  /** Gives the reply to the end of data: 250 after the durable commit (RFC 5321 section 6.1), or what the store's failure means. */
  async accept(submission: Submission): Promise<Reply> {
    const now = this.#clock.now();
    const { id, forwardPaths, recipientDsn, body } = submission;
    const sizeBytes = body.kind === 'inline' ? body.bytes.length : body.sizeBytes;
    const message = queuedMessage(submission, now, sizeBytes);
    const lease =
      this.#outlet.roomFor(senderTurn(message)) >= forwardPaths.length
        ? { owner: this.#owner, until: now + leaseMs }
        : null;
    const appended = await this.#store.append({
      message,
      body,
      forwardPaths,
      ...(recipientDsn === null ? {} : { recipientDsn }),
      lease,
    });
    if (!appended.ok) return this.refuse(appended.error);
    for (const recipient of forwardPaths) this.#told(message, recipient, sizeBytes);
    if (lease === null) this.#outlet.wake();
    else {
      this.#outlet.offer(
        forwardPaths.map((forwardPath, index) => ({
          message,
          body,
          recipient: freshRecipient(message, index, forwardPath, lease, recipientDsn?.[index] ?? null),
        })),
      );
    }
    return reply(250, '2.0.0', `Queued as ${id}.`);
  }

  /** What a client hears when the queue cannot take its message; the operator is told once a minute at most. */
  refuse(error: StoreError): Reply {
    const now = this.#clock.monotonic();
    if (now - this.#lastComplaintAt > 60_000) {
      this.#lastComplaintAt = now;
      this.#events.emit({
        kind: 'warning',
        at: this.#clock.now(),
        subject: 'disk',
        message: `New mail is put off because the queue cannot store it: ${error.message}`,
      });
    }
    if (error.kind === 'full') return reply(452, '4.3.1', 'The disk of the queue is full; try again later.');
    return reply(451, '4.3.0', 'The queue cannot store mail just now; try again later.');
  }

  #told(message: QueuedMessage, recipient: string, sizeBytes: number): void {
    const { id, receivedAt: at, reversePath: sender, client } = message;
    this.#events.emit(
      messageEvent(
        sizeBytes,
        { at, id, recipient, sender, event: 'accepted' },
        {
          uplink: client?.uplink ?? null,
          ehlo: client?.helo ?? null,
          host: client?.listener ?? null,
          address: client?.address ?? null,
          tls: client?.tls ?? null,
        },
      ),
    );
  }
}

function queuedMessage(submission: Submission, receivedAt: number, sizeBytes: number): QueuedMessage {
  const { id, reversePath, bodyType, smtpUtf8, dsn, client } = submission;
  return {
    id,
    receivedAt,
    reversePath,
    sizeBytes,
    bodyType,
    ...(smtpUtf8 ? { smtpUtf8 } : {}),
    ...(dsn === null ? {} : { dsn }),
    client,
  };
}
