import type { MessageIds } from '../../decision/queue/message-id.ts';
import {
  type BodyRef,
  freshRecipient,
  type LeasedRecipient,
  leaseMs,
  type QueuedMessage,
} from '../../decision/queue/queued.ts';
import { deliveryReport } from '../../protocol/message/delivery-report.ts';
import type { ReportAction, ReportedRecipient } from '../../protocol/message/report-facts.ts';
import type { Clock, NewMessage, QueueStore } from '../ports.ts';

/** How much of a message a report may quote from; of a larger one only the header goes back. */
const quotedBytes = 20 * 1024;
const wholeBytes = 64 * 1024;

/** Writes the messages by which senders hear what became of theirs. */
export class ReportDesk {
  readonly #parts: {
    readonly clock: Clock;
    readonly store: QueueStore;
    readonly ids: MessageIds;
    readonly owner: string;
    readonly hostname: () => string;
    readonly hasRoom: () => boolean;
  };
  #reading = 0;

  /** `hasRoom`: is there room to attempt a report at once? */
  constructor(parts: {
    readonly clock: Clock;
    readonly store: QueueStore;
    readonly ids: MessageIds;
    readonly owner: string;
    readonly hostname: () => string;
    readonly hasRoom: () => boolean;
  }) {
    this.#parts = parts;
  }

  /** Reports that are being written just now. */
  get busy(): boolean {
    return this.#reading > 0;
  }

  /** The report on some recipients of one message, ready to be appended. A body that cannot be read is not quoted. */
  async write(
    { message, body }: { readonly message: QueuedMessage; readonly body: BodyRef },
    action: ReportAction,
    recipients: readonly ReportedRecipient[],
  ): Promise<NewMessage> {
    const { clock, ids, hostname, store } = this.#parts;
    const whole = action === 'failed' && message.dsn?.ret === 'full' && message.sizeBytes <= wholeBytes;
    this.#reading += 1;
    const start = await store.readRange(
      body,
      0,
      whole ? message.sizeBytes : Math.min(quotedBytes, message.sizeBytes),
    );
    this.#reading -= 1;
    const now = clock.now();
    const id = ids.next(now);
    const report = deliveryReport({
      hostname: hostname(),
      id,
      at: now,
      reversePath: message.reversePath,
      action,
      recipients,
      original: {
        id: message.id,
        receivedAt: message.receivedAt,
        envelopeId: message.dsn?.envid ?? null,
        smtpUtf8: message.smtpUtf8 ?? false,
        start: start.ok ? start.value : Buffer.alloc(0),
        whole: whole && start.ok,
      },
    });
    return {
      message: {
        id,
        receivedAt: now,
        reversePath: '',
        sizeBytes: report.bytes.length,
        bodyType: report.bodyType,
        client: null,
        ...(report.smtpUtf8 ? { smtpUtf8: true } : null),
      },
      body: { kind: 'inline', bytes: report.bytes },
      forwardPaths: [message.reversePath],
      lease: this.#parts.hasRoom() ? { owner: this.#parts.owner, until: now + leaseMs } : null,
    };
  }
}

/** A report that is leased to us as it is appended. */
export function leasedReport({ message, body, lease, forwardPaths }: NewMessage): LeasedRecipient {
  return { message, body, recipient: freshRecipient(message, 0, forwardPaths[0] ?? '', lease, null) };
}
