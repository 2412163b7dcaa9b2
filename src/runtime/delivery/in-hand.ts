import type { LeasedRecipient, MessageId } from '../../decision/queue/queued.ts';

/** Recipients in memory at a time, and the bytes of their bodies. */
export const recipientLimit = 10_000;
const byteLimit = 128 * 1024 * 1024;

/** What the dispatcher holds in memory, and how much more it takes. */
export class InHand {
  #recipients = 0;
  /** By message: how many of its recipients are in hand, who share one body. */
  readonly #bodies = new Map<MessageId, number>();
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#recipients === 0;
  }

  /** Recipients that may come. */
  get room(): number {
    return this.#bytes >= byteLimit ? 0 : Math.max(0, recipientLimit - this.#recipients);
  }

  add(leased: readonly LeasedRecipient[]): void {
    for (const each of leased) this.#count(each, 1);
  }

  remove(leased: readonly LeasedRecipient[]): void {
    for (const each of leased) this.#count(each, -1);
  }

  #count({ message, body }: LeasedRecipient, sign: 1 | -1): void {
    this.#recipients += sign;
    if (body.kind !== 'inline') return;
    const before = this.#bodies.get(message.id) ?? 0;
    const after = before + sign;
    if (after > 0) this.#bodies.set(message.id, after);
    else this.#bodies.delete(message.id);
    if (before === 0 || after === 0) this.#bytes += sign * body.bytes.length;
  }
}
