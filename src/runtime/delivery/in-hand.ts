import type { LeasedRecipient, MessageId } from '../../decision/queue/queued.ts';
import { senderTurn, type Turn } from '../../decision/queue/turn.ts';
import type { LeaseLimits } from '../ports.ts';

/** Recipients in memory at a time, and the bytes of their bodies. */
export const recipientLimit = 10_000;
const byteLimit = 128 * 1024 * 1024;
/** Mail that waits for a retry takes no more, so that new mail always finds a place; and the other way round. */
const retriedLimit = 0.7 * recipientLimit;
const retriedByteLimit = 0.7 * byteLimit;
const freshLimit = 0.9 * recipientLimit;
/** New mail that lies in the store leaves this to what comes in by the doors. */
const doorReserve = 0.2 * recipientLimit;

type Kind = keyof LeaseLimits;

/**
 * The recipients that the dispatcher holds, and how many more of which kind it takes. No sender has more of the room
 * than is left for all others: one that sends a heap at once never shuts the door for the next.
 */
export class InHand {
  readonly #held = { fresh: 0, retried: 0 };
  readonly #bySender = new Map<Turn, number>();
  /** By message: how many of its recipients are in hand, who share one body, and as what it came. */
  readonly #bodies = new Map<MessageId, { count: number; readonly kind: Kind }>();
  readonly #bytes = { fresh: 0, retried: 0 };

  get isEmpty(): boolean {
    return this.#recipients === 0;
  }

  /** What is counted; all zero where nothing is held. */
  get inUse(): { readonly recipients: number; readonly senders: number; readonly bytes: number } {
    const bytes = this.#bytes.fresh + this.#bytes.retried + this.#bodies.size;
    return { recipients: this.#recipients, senders: this.#bySender.size, bytes };
  }

  /** How many more new recipients are taken at once, whoever sends them. */
  get room(): number {
    if (this.#bytes.fresh + this.#bytes.retried >= byteLimit) return 0;
    const free = recipientLimit - this.#recipients;
    return Math.max(0, Math.min(free, freshLimit - this.#held.fresh));
  }

  /** How many more new recipients are taken at once of this sender. */
  roomFor(sender: Turn): number {
    return Math.max(0, this.room - (this.#bySender.get(sender) ?? 0));
  }

  /** How many more are taken from the store. */
  get limits(): LeaseLimits {
    const { fresh, retried } = this.#bytes;
    const fits = fresh + retried < byteLimit && retried < retriedByteLimit;
    const free = Math.max(0, recipientLimit - this.#recipients);
    return {
      fresh: Math.max(0, this.room - doorReserve),
      retried: fits ? Math.max(0, Math.min(free, retriedLimit - this.#held.retried)) : 0,
    };
  }

  add(leased: readonly LeasedRecipient[]): void {
    for (const each of leased) this.#count(each, 1);
  }

  remove(leased: readonly LeasedRecipient[]): void {
    for (const each of leased) this.#count(each, -1);
  }

  get #recipients(): number {
    return this.#held.fresh + this.#held.retried;
  }

  #count({ message, body, recipient }: LeasedRecipient, sign: 1 | -1): void {
    const isFresh = recipient.attempts === 0 && recipient.nextAttemptAt <= message.receivedAt;
    const kind: Kind = isFresh ? 'fresh' : 'retried';
    this.#held[kind] += sign;
    if (kind === 'fresh') {
      const sender = senderTurn(message);
      const held = (this.#bySender.get(sender) ?? 0) + sign;
      if (held > 0) this.#bySender.set(sender, held);
      else this.#bySender.delete(sender);
    }
    if (body.kind !== 'inline') return;
    const known = this.#bodies.get(message.id);
    if (known === undefined) {
      this.#bodies.set(message.id, { count: 1, kind });
      this.#bytes[kind] += body.bytes.length;
      return;
    }
    known.count += sign;
    if (known.count > 0) return;
    this.#bodies.delete(message.id);
    this.#bytes[known.kind] -= body.bytes.length;
  }
}
