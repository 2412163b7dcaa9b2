import type { AttemptEnd, Outcome } from '../../decision/queue/attempt.ts';
import { expiresAt } from '../../decision/queue/expiry.ts';
import type { MessageIds } from '../../decision/queue/message-id.ts';
import { needsPreferredEgress } from '../../decision/queue/outcome.ts';
import type { Doubt, LeasedRecipient, QueuedMessage, QueuedRecipient } from '../../decision/queue/queued.ts';
import { nextAttemptAt } from '../../decision/queue/schedule.ts';
import type { DeliverySetting, QueueSetting } from '../../decision/queue/settings.ts';
import { type BouncedRecipient, bounceMessage } from '../../protocol/message/bounce.ts';
import { type Reply, replyText } from '../../protocol/smtp/reply.ts';
import type { EventStream } from '../events.ts';
import type { Clock, NewMessage, QueueStore, Random, Settlement } from '../ports.ts';
import type { OutageSource } from './egress-guide.ts';
import { type RouteTaken, recipientEvent } from './trace-event.ts';

/** What delivery runs by; swapped as a whole on reload. */
export type DeliverySettings = {
  readonly hostname: string;
  readonly queue: QueueSetting;
  readonly delivery: DeliverySetting;
};

/** One recipient's share of what became of an attempt. */
export type Entry = {
  readonly leased: LeasedRecipient;
  readonly end: AttemptEnd;
  readonly outcome: Exclude<Outcome, { kind: 'again' }>;
};

/** How an attempt was made; `dotAt` (wall ms) where the message went out whole. */
export type Made = {
  readonly route: RouteTaken | null;
  readonly elapsedMs: number;
  readonly dotAt: number | null;
};

export type LedgerParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: QueueStore;
  readonly events: EventStream;
  readonly ids: MessageIds;
  readonly outages: OutageSource;
  readonly owner: string;
  readonly settings: () => DeliverySettings;
  /** Is there room to attempt a bounce of ours at once? */
  readonly hasRoom: () => boolean;
  /** These are no longer ours, durably. */
  readonly freed: (leased: readonly LeasedRecipient[]) => void;
  /** Our own bounces, leased to us. */
  readonly bounced: (leased: readonly LeasedRecipient[]) => void;
  /** Something in the store is due at this wall ms. */
  readonly due: (at: number) => void;
};

/** How much of a message a bounce may quote from. */
const quotedBytes = 20 * 1024;
const bounceLeaseMs = 5 * 60_000;
/** Where a receiver never answers the final dot. */
const longestDoubtWaitMs = 2 * 60 * 60_000;
/** Time for a last attempt at the moment of expiry. */
const lastWaitMs = 60_000;
const firstRetryMs = 500;
const longestRetryMs = 30_000;

type Batch = {
  readonly settlements: Settlement[];
  readonly bounces: NewMessage[];
  readonly freed: LeasedRecipient[];
  due: number;
};

/**
 * Writes what attempts have come to into the queue, and tells of it. All that comes while one commit runs is in the
 * next. A commit that fails is repeated until it holds, for a delivery that is not written down is one made twice.
 */
export class Ledger {
  readonly #parts: LedgerParts;
  #batch: Batch = emptyBatch();
  #writing: Promise<void> | null = null;
  #reading = 0;
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** `late`: the queue had already been told of a doubt, so the recipients are not leased to us. */
  settle(entries: readonly Entry[], made: Made, late = false): void {
    const failed: Entry[] = [];
    const now = this.#parts.clock.now();
    for (const entry of entries) {
      const { leased, outcome } = entry;
      const told = { reply: replyOf(entry), reason: outcome.reason, elapsedMs: Math.round(made.elapsedMs) };
      switch (outcome.kind) {
        case 'delivered':
          this.#tell(now, entry, 'delivered', made, { ...told, blame: null });
          this.#done(leased, late);
          break;
        case 'bounced':
          this.#tell(now, entry, 'bounced', made, { ...told, blame: outcome.blame });
          failed.push(entry);
          break;
        case 'in_doubt':
          if (this.#expiry(leased.message, now) <= now) {
            this.#tell(now, entry, 'expired', made, { ...told, blame: 'egress' });
            failed.push(entry);
            break;
          }
          this.#tell(now, entry, 'in_doubt', made, { ...told, blame: 'egress' });
          this.#keep(leased, this.#doubted(leased, made, now), late);
          break;
        case 'deferred':
        case 'awaits_preferred':
          if (this.#expiry(leased.message, now) <= now) {
            this.#tell(now, entry, 'expired', made, { ...told, blame: outcome.blame });
            failed.push(entry);
            break;
          }
          this.#tell(now, entry, 'deferred', made, { ...told, blame: outcome.blame });
          this.#keep(leased, this.#later(entry, made, now), late);
          break;
        default:
          outcome satisfies never;
      }
    }
    if (failed.length > 0) void this.#giveBack(failed, made, late);
    this.#write();
  }

  /** Nothing was tried: all stays as it was, due at `at` or when it was. */
  handBack(leased: readonly LeasedRecipient[], at: number | null): void {
    for (const each of leased) {
      const { attempts, nextAttemptAt: due, lastEgress, lastReply, doubt } = each.recipient;
      const waiting = attempts > 0 ? 'deferred' : 'queued';
      const state = doubt === null ? waiting : 'in_doubt';
      this.#keep(each, { state, attempts, nextAttemptAt: at ?? due, lastEgress, lastReply, doubt }, false);
    }
    this.#write();
  }

  /** Nothing was tried, and the time is over: given back to the sender. */
  expire(leased: readonly LeasedRecipient[]): void {
    const made: Made = { route: null, elapsedMs: 0, dotAt: null };
    const error = 'The message could not be delivered in the time that mail is kept.';
    const outcome = {
      kind: 'deferred',
      blame: 'egress',
      reason: error,
      egress: 'unchanged',
      counts: false,
    } as const;
    this.settle(
      leased.map(each => ({ leased: each, end: { kind: 'not_tried', error }, outcome })),
      made,
    );
  }

  hasExpired(message: QueuedMessage): boolean {
    const now = this.#parts.clock.now();
    return this.#expiry(message, now) <= now;
  }

  /** Resolves when all is durable. */
  async drain(): Promise<void> {
    while (this.#writing !== null || this.#reading > 0) {
      await this.#writing;
      if (this.#reading > 0) await this.#parts.clock.sleep(5);
    }
  }

  #tell(
    now: number,
    { leased }: Entry,
    event: 'delivered' | 'bounced' | 'in_doubt' | 'deferred' | 'expired',
    made: Made,
    told: Parameters<typeof recipientEvent>[4],
  ): void {
    this.#parts.events.emit(recipientEvent(now, leased, event, made.route, told));
  }

  #later({ leased, end, outcome }: Entry, made: Made, now: number) {
    const { recipient, message } = leased;
    const counts = outcome.kind !== 'deferred' || outcome.counts;
    const attempts = recipient.attempts + (counts ? 1 : 0);
    const scheduled = nextAttemptAt({ attempts, now, random01: this.#parts.random.next() });
    const latest = Math.max(this.#expiry(message, now), now + lastWaitMs);
    return {
      state: 'deferred' as const,
      attempts,
      nextAttemptAt: Math.min(scheduled, latest),
      lastEgress: lastEgressAfter(recipient, outcome, made, now),
      lastReply: lastReplyAfter(recipient, end, outcome.reason),
      doubt: null,
    };
  }

  /** One doubt after the other: each may be one more copy, so the waits grow. */
  #doubted({ recipient }: LeasedRecipient, { route, dotAt }: Made, now: number) {
    const { attempts, lastEgress, lastReply } = recipient;
    const { doubtWaitMs } = this.#parts.settings().delivery;
    const doublings = recipient.doubt?.cause === 'dot' ? Math.min(attempts, 10) : 0;
    const waitMs = Math.min(doubtWaitMs * 2 ** doublings, Math.max(doubtWaitMs, longestDoubtWaitMs));
    const since = dotAt ?? now;
    const doubt: Doubt = {
      cause: 'dot',
      since,
      egressId: route?.candidate.egress.id ?? null,
      host: route?.to.host ?? null,
    };
    const again = Math.max(now, since + waitMs);
    return {
      state: 'in_doubt' as const,
      attempts: attempts + 1,
      nextAttemptAt: again,
      lastEgress,
      lastReply,
      doubt,
    };
  }

  #expiry(message: QueuedMessage, now: number): number {
    return expiresAt(
      message.receivedAt,
      this.#parts.settings().queue.expireMs,
      this.#parts.outages.outages,
      now,
    );
  }

  #done(leased: LeasedRecipient, late: boolean): void {
    const { message, index } = leased.recipient;
    this.#batch.settlements.push({ message, index, to: { kind: 'done' } });
    if (!late) this.#batch.freed.push(leased);
  }

  #keep(
    leased: LeasedRecipient,
    as: Pick<QueuedRecipient, 'state' | 'attempts' | 'nextAttemptAt' | 'lastEgress' | 'lastReply' | 'doubt'>,
    late: boolean,
  ): void {
    const { message, index } = leased.recipient;
    this.#batch.settlements.push({ message, index, to: { kind: 'keep', ...as } });
    this.#batch.due = Math.min(this.#batch.due, as.nextAttemptAt);
    if (!late) this.#batch.freed.push(leased);
  }

  /** Recipients of one message that failed for good: done, and in the same commit the message that says so. */
  async #giveBack(failed: readonly Entry[], made: Made, late: boolean): Promise<void> {
    const [first] = failed;
    if (first === undefined) return;
    const { message, body } = first.leased;
    if (message.reversePath !== '') {
      this.#reading += 1;
      const start = await this.#parts.store.readRange(body, 0, Math.min(quotedBytes, message.sizeBytes));
      this.#reading -= 1;
      const quoted = start.ok ? start.value : Buffer.alloc(0);
      this.#batch.bounces.push(this.#bounce(message, failed, made, quoted));
    }
    for (const { leased } of failed) this.#done(leased, late);
    this.#write();
  }

  #bounce(message: QueuedMessage, failed: readonly Entry[], made: Made, start: Buffer): NewMessage {
    const { clock, ids, owner, settings, hasRoom } = this.#parts;
    const now = clock.now();
    const id = ids.next(now);
    const bytes = bounceMessage({
      hostname: settings().hostname,
      id,
      at: now,
      reversePath: message.reversePath,
      failed: failed.map(entry => bouncedRecipient(entry, made)),
      original: { id: message.id, receivedAt: message.receivedAt, start },
    });
    const eightBit = bytes.some(byte => byte >= 128);
    return {
      message: {
        id,
        receivedAt: now,
        reversePath: '',
        sizeBytes: bytes.length,
        bodyType: eightBit ? '8bitmime' : '7bit',
        client: null,
      },
      body: { kind: 'inline', bytes },
      forwardPaths: [message.reversePath],
      lease: hasRoom() ? { owner, until: now + bounceLeaseMs } : null,
    };
  }

  #write(): void {
    if (this.#writing !== null || this.#batch.settlements.length === 0) return;
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = null;
      this.#write();
    });
  }

  async #writeAll(): Promise<void> {
    // What else comes in this turn goes along.
    await Promise.resolve();
    while (this.#batch.settlements.length > 0) {
      const batch = this.#batch;
      this.#batch = emptyBatch();
      await this.#commit(batch);
      this.#parts.freed(batch.freed);
      const ours = batch.bounces.filter(({ lease }) => lease !== null);
      if (ours.length > 0) this.#parts.bounced(ours.map(leasedBounce));
      if (ours.length < batch.bounces.length) batch.due = Math.min(batch.due, this.#parts.clock.now());
      if (batch.due < Number.POSITIVE_INFINITY) this.#parts.due(batch.due);
    }
  }

  async #commit(batch: Batch): Promise<void> {
    for (let waitMs = firstRetryMs; ; waitMs = Math.min(waitMs * 2, longestRetryMs)) {
      const settled = await this.#parts.store.settle(batch.settlements, batch.bounces);
      if (settled.ok) return;
      this.#complain(settled.error.message);
      await this.#parts.clock.sleep(waitMs);
    }
  }

  #complain(why: string): void {
    const { clock, events } = this.#parts;
    const now = clock.monotonic();
    if (now - this.#complainedAt < 60_000) return;
    this.#complainedAt = now;
    events.emit({
      kind: 'warning',
      at: clock.now(),
      subject: 'disk',
      message: `What became of messages under way cannot be written down, and is tried again until it can: ${why}`,
    });
  }
}

function emptyBatch(): Batch {
  return { settlements: [], bounces: [], freed: [], due: Number.POSITIVE_INFINITY };
}

function replyOf({ end }: Entry): string | null {
  return 'reply' in end ? replyText(end.reply) : null;
}

/** A change of egress restarts a receiver's greylisting: the first 4xx names the egress to stay on. */
function lastEgressAfter(
  recipient: QueuedRecipient,
  outcome: Entry['outcome'],
  { route }: Made,
  now: number,
): QueuedRecipient['lastEgress'] {
  if (outcome.kind === 'awaits_preferred') return null;
  if (outcome.kind !== 'deferred' || outcome.egress === 'unchanged') return recipient.lastEgress;
  const egress = route?.candidate.egress;
  if (egress?.kind !== 'uplink') return recipient.lastEgress;
  if (recipient.lastEgress?.id === egress.id) return recipient.lastEgress;
  return { id: egress.id, since: now };
}

/** The last word of a receiver, or why there was none. A stand-in's refusal for good is not forgotten for less. */
function lastReplyAfter(recipient: QueuedRecipient, end: AttemptEnd, reason: string): string | null {
  if ('reply' in end) return replyText(end.reply);
  return needsPreferredEgress(recipient.lastReply) ? recipient.lastReply : reason;
}

function bouncedRecipient({ leased, end, outcome }: Entry, { route }: Made): BouncedRecipient {
  const said: Reply | null = end.kind === 'replied' ? end.reply : null;
  const expired = outcome.kind !== 'bounced';
  const refused = said === null ? outcome.reason : 'The receiving server refused it.';
  return {
    forwardPath: leased.recipient.forwardPath,
    reply: said,
    host: said === null ? null : (route?.to.host ?? null),
    reason: expired ? `It could not be delivered in the time that mail is kept. ${outcome.reason}` : refused,
  };
}

function leasedBounce({ message, body, lease, forwardPaths }: NewMessage): LeasedRecipient {
  return {
    message,
    body,
    recipient: {
      message: message.id,
      index: 0,
      forwardPath: forwardPaths[0] ?? '',
      state: 'active',
      attempts: 0,
      nextAttemptAt: message.receivedAt,
      lease,
      lastEgress: null,
      lastReply: null,
      doubt: null,
    },
  };
}
