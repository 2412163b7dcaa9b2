import type { QueueCensus } from '../../decision/queue/census.ts';
import { longWaitMs } from '../../decision/queue/long-wait.ts';
import type { QueueSetting } from '../../decision/queue/settings.ts';
import { rfc3339 } from '../../protocol/message/rfc3339.ts';
import type { EventStream } from '../events.ts';
import type { Clock, QueueStore, Timer } from '../ports.ts';
import { Trouble } from './trouble.ts';

export type QueueWatchParts = {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly store: QueueStore;
  readonly settings: () => QueueSetting;
};

const lookEveryMs = 60_000;
/** A census of a very long queue takes the store's time: at most this part of it. */
const shareOfTime = 1 / 50;

/** Counts the queue from time to time, and tells of mail that waits long. */
export class QueueWatch {
  readonly #parts: QueueWatchParts;
  readonly #trouble: Trouble;
  #census: QueueCensus | null = null;
  #timer: Timer | null = null;
  #looking: Promise<void> | null = null;
  #stopped = false;

  constructor(parts: QueueWatchParts) {
    this.#parts = parts;
    this.#trouble = new Trouble('queue', parts.clock, parts.events);
  }

  /** Null until it was counted. */
  get census(): QueueCensus | null {
    return this.#census;
  }

  start(): void {
    this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  #look(): void {
    const { clock } = this.#parts;
    const began = clock.monotonic();
    this.#looking = this.#count().then(() => {
      if (this.#stopped) return;
      const took = clock.monotonic() - began;
      this.#timer = clock.timer(Math.max(lookEveryMs, took / shareOfTime), () => this.#look());
    });
  }

  /** A store that does not answer is the disk's trouble, and told there. */
  async #count(): Promise<void> {
    const { clock, store, settings } = this.#parts;
    const counted = await store.census();
    if (!counted.ok || this.#stopped) return;
    this.#census = counted.value;
    const { oldest } = counted.value;
    const longMs = longWaitMs(settings());
    if (oldest === null || clock.now() - oldest.receivedAt < longMs) {
      this.#trouble.ends('What waits now came lately.');
    } else if (!this.#trouble.lasts) {
      const why = await this.#why(counted.value, oldest);
      this.#trouble.begins(why, 'trouble', oldest.receivedAt + longMs);
    }
  }

  async #why({ recipients }: QueueCensus, oldest: NonNullable<QueueCensus['oldest']>): Promise<string> {
    const waiting = recipients.queued + recipients.active + recipients.deferred + recipients.in_doubt;
    const listed = await this.#parts.store.list({ message: oldest.id }, 1, null);
    const waits = listed.ok
      ? listed.value[0]?.recipients.find(recipient => recipient.state !== 'held')
      : undefined;
    const to = waits === undefined ? '' : ` to ${waits.forwardPath}`;
    const said = waits?.lastReply ? `, and its last word is: ${waits.lastReply}` : '';
    return `${waiting} recipients wait; the oldest message, ${oldest.id}${to}, came at ${rfc3339(oldest.receivedAt)}${said}.`;
  }
}
