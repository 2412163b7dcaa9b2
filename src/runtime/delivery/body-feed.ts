import type { Egress } from '../../decision/egress/egress.ts';
import type { BodyRef } from '../../decision/queue/queued.ts';
import type { Clock, Connection, QueueStore } from '../ports.ts';

const pieceBytes = 128 * 1024;

/** With so little unacknowledged the final dot may follow: a few packets. */
const dotHoldBytes = 16 * 1024;
/** The host's own figures of what is unacknowledged may be 50 ms old. */
const dotPollMs = 60;

/**
 * Bodies over 64 KiB stand in the spool; for those the final dot waits for the far side. Not where no uplink is
 * crossed: there nothing is cut that another way could mend, and each message would wait for a reading of the host's.
 */
export function needsHeldDot(body: BodyRef, egress: Egress): boolean {
  return body.kind === 'spool' && egress.kind !== 'local';
}

/**
 * Reads a body from the spool piece by piece, as the far side takes it: a piece is read when it is wanted and the
 * connection has room, so memory holds one or two pieces of it.
 */
export class BodyFeed {
  readonly #store: Pick<QueueStore, 'readRange'>;
  readonly #body: Extract<BodyRef, { kind: 'spool' }>;
  readonly #sink: { chunk(chunk: Buffer, last: boolean): void; failed(why: string): void };
  #position = 0;
  #wanted = false;
  #reading = false;

  constructor(
    store: Pick<QueueStore, 'readRange'>,
    body: Extract<BodyRef, { kind: 'spool' }>,
    sink: { chunk(chunk: Buffer, last: boolean): void; failed(why: string): void },
  ) {
    this.#store = store;
    this.#body = body;
    this.#sink = sink;
  }

  /** The next piece is wanted, as soon as `more` says that there is room for it. */
  want(): void {
    this.#wanted = true;
  }

  more(): void {
    if (this.#wanted && !this.#reading) void this.#read();
  }

  async #read(): Promise<void> {
    this.#reading = true;
    const end = Math.min(this.#position + pieceBytes, this.#body.sizeBytes);
    const piece = await this.#store.readRange(this.#body, this.#position, end);
    this.#reading = false;
    if (!piece.ok) return this.#sink.failed(piece.error.message);
    if (piece.value.length !== end - this.#position)
      return this.#sink.failed(`${this.#body.file} is shorter than it was.`);
    this.#wanted = false;
    this.#position = end;
    this.#sink.chunk(piece.value, end === this.#body.sizeBytes);
  }
}

/**
 * The kernel takes bytes long before the far side has them: the dot waits until nearly all has arrived, so that a cut
 * leaves little in doubt. False where nobody waits for it any more.
 */
export async function nearlyArrived(
  connection: Connection,
  clock: Clock,
  owner: { isPointless(): boolean; progress(): void },
): Promise<boolean> {
  let least = Number.POSITIVE_INFINITY;
  for (;;) {
    await clock.sleep(dotPollMs);
    if (owner.isPointless()) return false;
    const unsent = await connection.unsentBytes();
    if (owner.isPointless()) return false;
    if (unsent === null || unsent <= dotHoldBytes) return true;
    if (unsent < least) {
      least = unsent;
      owner.progress();
    }
  }
}
