import type { AttemptEnd, Outcome } from '../../decision/queue/attempt.ts';
import { expiresAt } from '../../decision/queue/expiry.ts';
import type { MessageIds } from '../../decision/queue/message-id.ts';
import { needsPreferredEgress } from '../../decision/queue/outcome.ts';
import type { Doubt, LeasedRecipient, QueuedRecipient } from '../../decision/queue/queued.ts';
import {
  delayNoticeAt,
  delaySaying,
  expirySaying,
  refusalSaying,
  type Saying,
  successSaying,
  wantsReport,
} from '../../decision/queue/reporting.ts';
import { nextAttemptAt } from '../../decision/queue/schedule.ts';
import type { DeliverySetting, QueueSetting } from '../../decision/queue/settings.ts';
import type { ReportAction, ReportedRecipient } from '../../protocol/message/report-facts.ts';
import { replyText } from '../../protocol/smtp/reply.ts';
import type { Random, Settlement } from '../ports.ts';
import type { OutageSource } from './egress-guide.ts';
import { grouped } from './group.ts';
import { ReportDesk } from './report-desk.ts';
import { SettlementBook, type SettlementBookParts } from './settlement-book.ts';
import { type RouteTaken, recipientEvent } from './trace-event.ts';

/** What delivery runs by; swapped as a whole on reload. */
export type DeliverySettings = {
  readonly hostname: string;
  readonly queue: QueueSetting;
  readonly delivery: DeliverySetting;
  /** How long mail for a recipient is kept where that is not the queue's time; left out, and null: it is. */
  readonly expireMsOf?: (forwardPath: string) => number | null;
};

/** One recipient's share of what became of an attempt. */
export type Entry = {
  readonly leased: LeasedRecipient;
  readonly end: AttemptEnd;
  readonly outcome: Exclude<Outcome, { kind: 'again' }>;
};

/** How an attempt was made; `dotAt` (wall ms) where the message went out whole. */
export type Made = {
  /** The far side knows DSN, and reports on success from now on (RFC 3461 section 5.2.2). */
  readonly dsnPassed?: boolean;
  readonly route: RouteTaken | null;
  readonly elapsedMs: number;
  readonly dotAt: number | null;
};

export type LedgerParts = SettlementBookParts & {
  readonly random: Random;
  readonly ids: MessageIds;
  readonly outages: OutageSource;
  readonly owner: string;
  readonly settings: () => DeliverySettings;
  /** Is there room to attempt a report of ours at once? */
  readonly hasRoom: () => boolean;
};

/** Where a receiver never answers the final dot. */
const longestDoubtWaitMs = 2 * 60 * 60_000;
/** Time for a last attempt at the moment of expiry. */
const lastWaitMs = 60_000;

type KeptAs = Omit<Extract<Settlement['to'], { kind: 'keep' }>, 'kind'>;

/** A recipient that its sender hears of, and how it is settled with that. */
type Owed = {
  readonly leased: LeasedRecipient;
  readonly action: ReportAction;
  readonly reported: ReportedRecipient;
  readonly to: Settlement['to'];
};

/** Decides how the queue goes on after each attempt, tells of it and of what senders are to hear, and has it written. */
export class Ledger {
  readonly #parts: LedgerParts;
  readonly #desk: ReportDesk;
  readonly #book: SettlementBook;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    this.#book = new SettlementBook(parts);
    this.#desk = new ReportDesk({ ...parts, hostname: () => parts.settings().hostname });
  }

  /** `late`: the queue had already been told of a doubt, so the recipients are not leased to us. */
  settle(entries: readonly Entry[], made: Made, late = false): void {
    const reports: Owed[] = [];
    const now = this.#parts.clock.now();
    const gone = (entry: Entry, action: ReportAction, saying: Saying): void => {
      const { recipient, message } = entry.leased;
      const { route } = made;
      const about = action === 'failed' ? 'failure' : 'success';
      const done: Settlement['to'] = { kind: 'done' };
      if (!wantsReport(message, recipient, about) || (about === 'success' && made.dsnPassed))
        return this.#done(entry.leased, late);
      const host = saying.reply === null || entry.end.kind !== 'replied' ? null : (route?.to.host ?? null);
      const lastAttemptAt = entry.end.kind === 'not_tried' ? null : now;
      const reported = { ...said(recipient, saying), host, lastAttemptAt };
      reports.push({ leased: entry.leased, action, reported, to: done });
    };
    const kept = (entry: Entry, as: KeptAs): void => {
      const saying = (): Saying => delaySaying(entry.end, entry.leased.recipient);
      const owed = this.#delayOwed(entry.leased, as, saying, now);
      if (owed === null) return this.#keep(entry.leased, as, late);
      const host = owed.reported.reply === null ? null : (made.route?.to.host ?? null);
      reports.push({ ...owed, reported: { ...owed.reported, host, lastAttemptAt: now } });
    };
    for (const entry of entries) {
      const { leased, end, outcome } = entry;
      const told = { reply: replyOf(entry), reason: outcome.reason, elapsedMs: Math.round(made.elapsedMs) };
      switch (outcome.kind) {
        case 'delivered': {
          const action = made.route?.candidate.egress.kind === 'local' ? 'delivered' : 'relayed';
          this.#tell(now, entry, 'delivered', made, { ...told, blame: null });
          gone(entry, action, successSaying(end, action));
          break;
        }
        case 'bounced':
          this.#tell(now, entry, 'bounced', made, { ...told, blame: outcome.blame });
          gone(entry, 'failed', refusalSaying(end, outcome.reason));
          break;
        case 'in_doubt':
        case 'deferred':
        case 'awaits_preferred': {
          const blame = outcome.kind === 'in_doubt' ? 'egress' : outcome.blame;
          if (this.#expiry(leased, now) <= now) {
            this.#tell(now, entry, 'expired', made, { ...told, blame });
            gone(entry, 'failed', expirySaying(end, leased.recipient));
          } else if (outcome.kind === 'in_doubt') {
            this.#tell(now, entry, 'in_doubt', made, { ...told, blame });
            kept(entry, this.#doubted(leased, made, now));
          } else {
            this.#tell(now, entry, 'deferred', made, { ...told, blame });
            kept(entry, this.#later(entry, made, now));
          }
          break;
        }
        default:
          outcome satisfies never;
      }
    }
    this.#report(reports, late);
    this.#book.write();
  }

  /** Nothing was tried: all stays as it was, due at `at` or when it was. */
  handBack(leased: readonly LeasedRecipient[], at: number | null): void {
    this.#giveBack(leased, at, {});
  }

  /**
   * Nothing was tried, for the destination does not answer: until then (wall ms) all that waits for it is left alone,
   * in one place of the queue instead of with each recipient.
   */
  putOff(leased: readonly LeasedRecipient[], destinationUntil: number): void {
    this.#giveBack(leased, null, { destinationUntil });
  }

  /** Is there a recipient whose sender must be told that it waits? */
  owesNotice(leased: readonly LeasedRecipient[]): boolean {
    const now = this.#parts.clock.now();
    return leased.some(each => (this.#noticeAt(each) ?? Number.POSITIVE_INFINITY) <= now);
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

  hasExpired(leased: LeasedRecipient): boolean {
    const now = this.#parts.clock.now();
    return this.#expiry(leased, now) <= now;
  }

  /** Resolves when all is durable. */
  async drain(): Promise<void> {
    while (this.#book.writing !== null || this.#desk.busy) {
      await this.#book.writing;
      if (this.#desk.busy) await this.#parts.clock.sleep(5);
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
    const { recipient } = leased;
    const counts = outcome.kind !== 'deferred' || outcome.counts;
    const attempts = recipient.attempts + (counts ? 1 : 0);
    const scheduled = nextAttemptAt({ attempts, now, random01: this.#parts.random.next() });
    const latest = Math.max(this.#expiry(leased, now), now + lastWaitMs);
    return {
      state: 'deferred' as const,
      attempts,
      nextAttemptAt: Math.min(scheduled, latest),
      lastEgress: lastEgressAfter(recipient, outcome, made, now),
      lastReply: lastReplyAfter(recipient, end, outcome),
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

  #expiry({ message, recipient }: LeasedRecipient, now: number): number {
    const { queue, expireMsOf } = this.#parts.settings();
    const expireMs = expireMsOf?.(recipient.forwardPath) ?? queue.expireMs;
    return expiresAt(message.receivedAt, expireMs, this.#parts.outages.outages, now);
  }

  #noticeAt({ message, recipient }: LeasedRecipient): number | null {
    return delayNoticeAt(message, recipient, this.#parts.settings().queue.delayNoticeMs);
  }

  #done(leased: LeasedRecipient, late: boolean): void {
    this.#book.add(leased, { kind: 'done' }, late);
  }

  #keep(leased: LeasedRecipient, as: KeptAs, late: boolean): void {
    this.#book.add(leased, { kind: 'keep', ...as, nextAttemptAt: this.#noLaterThanNotice(leased, as) }, late);
  }

  /** A sender is told of a wait at its time, so nothing is out of sight for longer; but a doubt is not sent again sooner. */
  #noLaterThanNotice(leased: LeasedRecipient, { nextAttemptAt, state }: KeptAs): number {
    const noticeAt = state === 'in_doubt' ? null : this.#noticeAt(leased);
    return noticeAt !== null && noticeAt > this.#parts.clock.now()
      ? Math.min(nextAttemptAt, noticeAt)
      : nextAttemptAt;
  }

  #giveBack(
    leased: readonly LeasedRecipient[],
    at: number | null,
    how: Pick<KeptAs, 'destinationUntil'>,
  ): void {
    const now = this.#parts.clock.now();
    const reports: Owed[] = [];
    for (const each of leased) {
      const { attempts, nextAttemptAt: due, lastEgress, lastReply, doubt } = each.recipient;
      const waiting = attempts > 0 ? 'deferred' : 'queued';
      const state = doubt === null ? waiting : 'in_doubt';
      // What was never tried counts as put off from then on.
      const from = attempts > 0 ? due : Math.max(due, how.destinationUntil ?? due);
      const as = {
        state,
        attempts,
        nextAttemptAt: at ?? from,
        lastEgress,
        lastReply,
        doubt,
        ...how,
      } as const;
      const owed = this.#delayOwed(each, as, () => delaySaying(null, each.recipient), now);
      if (owed === null) this.#keep(each, as, false);
      else reports.push(owed);
    }
    this.#report(reports, false);
    this.#book.write();
  }

  /** The notice that is due as a recipient is kept; null: none. */
  #delayOwed(leased: LeasedRecipient, as: KeptAs, saying: () => Saying, now: number): Owed | null {
    const noticeAt = this.#noticeAt(leased);
    if (noticeAt === null || noticeAt > now) return null;
    const retryUntil = this.#expiry(leased, now);
    const reported = { ...said(leased.recipient, saying()), retryUntil };
    return { leased, action: 'delayed', reported, to: { kind: 'keep', ...as, delayTold: true } };
  }

  /** Recipients of whom their senders hear: settled in the same commit as the message that says so. */
  #report(owed: readonly Owed[], late: boolean): void {
    for (const same of grouped(owed, ({ leased, action }) => `${leased.message.id} ${action}`)) {
      const [{ leased, action }] = same;
      const written = this.#desk.write(
        leased,
        action,
        same.map(({ reported }) => reported),
      );
      void written.then(report => {
        this.#book.append(report);
        for (const each of same) this.#book.add(each.leased, each.to, late);
        this.#book.write();
      });
    }
  }
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
function lastReplyAfter(
  recipient: QueuedRecipient,
  end: AttemptEnd,
  { kind, reason }: Entry['outcome'],
): string | null {
  // A refusal for good that defers is about the route: it names no egress that must be asked.
  const isAnswer = 'reply' in end && (kind !== 'deferred' || end.reply.code < 500);
  if (isAnswer) return replyText(end.reply);
  return needsPreferredEgress(recipient.lastReply) ? recipient.lastReply : reason;
}

/** What a report says of a recipient, but for what only an attempt knows. */
function said(
  { forwardPath, dsn }: QueuedRecipient,
  { status, reply, reason }: Saying,
): Omit<ReportedRecipient, 'host' | 'lastAttemptAt'> & { host: null; lastAttemptAt: null } {
  const originalRecipient = dsn?.orcpt ?? null;
  const silent = { host: null, lastAttemptAt: null, retryUntil: null };
  return { forwardPath, originalRecipient, status, reply, reason, ...silent };
}
