import { firstPace, type HandOverPace, nextPace } from '../../decision/next-hop/hand-over-pace.ts';
import type { MessageId, QueuedRecipient, RecipientState } from '../../decision/queue/queued.ts';
import type { Clock, QueueStore, Timer } from '../ports.ts';

const tickMs = 100;
/** Messages looked up at a time, for one domain. */
const batchMessages = 200;
/** A message younger than this may still be on its way into the store. */
const settledMs = 2_000;
/** What came in while the last of the old mail left is fetched after this. */
const lastPassMs = 3_000;
/** Messages that were not there when their turn came are tried once more, so many of them. */
const missedLimit = 1_000;
/** What was released and never heard of again (taken out by hand, held) is forgotten after this. */
const forgottenMs = 120_000;
/** The queue cannot be read just now. */
const failedWaitMs = 1_000;

type Line = { readonly domain: string; after: MessageId | null; next: Kept[]; drained: boolean };
/** `states` of its recipients there: those that are held by hand or in doubt are not ours to send. */
type Kept = { readonly id: MessageId; readonly states: readonly RecipientState[] };
/** What is made due. */
type Due = { readonly domain: string } & Kept;

export type HandOverParts = {
  readonly clock: Clock;
  readonly store: Pick<QueueStore, 'list' | 'retry'>;
  /** How long a message in doubt waits for its answer. */
  readonly doubtWaitMs: () => number;
  /** The store holds something that is due now. */
  readonly wake: () => void;
  /** All old mail is on its way: new mail need not wait behind it any more. */
  readonly opened: () => void;
  readonly over: () => void;
};

/**
 * Gives the mail that was kept for one primary back to delivery: oldest first over all its domains, at the pace that
 * the primary takes. Memory is bounded: messages are looked up in the store a batch at a time.
 */
export class HandOver {
  readonly #parts: HandOverParts;
  readonly #lines: Line[];
  /** Released and without an answer yet: when (monotonic). Of one that was put off, the queue's own schedule holds. */
  readonly #underWay = new Map<MessageId, number>();
  #pace: HandOverPace = firstPace;
  #allowance = 0;
  #delivered = 0;
  #failed = 0;
  #tookMs = 0;
  #ticks = 0;
  #timer: Timer | null = null;
  /** Wall ms; what was received later was never kept back. */
  #openedAt: number | null = null;
  /** Under way by chance when their turn came. */
  #missed: Due[] = [];
  #stopped = false;
  #released = 0;

  constructor(parts: HandOverParts, domains: readonly string[]) {
    this.#parts = parts;
    this.#lines = domains.map(domain => ({ domain, after: null, next: [], drained: false }));
  }

  start(): void {
    this.#tickAfter(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  get released(): number {
    return this.#released;
  }

  /** Has its turn not come yet? */
  isWaiting(message: MessageId, domain: string): boolean {
    if (this.#openedAt !== null) return false;
    const line = this.#lines.find(other => other.domain === domain);
    return line !== undefined && (line.after === null || message > line.after);
  }

  /** What became of a recipient; those that this did not release count for the pace too. */
  heard(message: MessageId, delivered: boolean, elapsedMs: number): void {
    this.#underWay.delete(message);
    if (delivered) {
      this.#delivered += 1;
      this.#tookMs += elapsedMs;
    } else this.#failed += 1;
  }

  #tickAfter(ms: number): void {
    if (this.#stopped) return;
    this.#timer = this.#parts.clock.timer(ms, () => void this.#tick());
  }

  async #tick(): Promise<void> {
    this.#ticks += 1;
    if (this.#ticks % (1_000 / tickMs) === 0) this.#nextSecond();
    this.#allowance = Math.min(
      this.#allowance + this.#pace.perSecond * (tickMs / 1_000),
      this.#pace.perSecond,
    );
    const room = Math.min(Math.floor(this.#allowance), this.#pace.underWay - this.#underWay.size);
    // At one message a second the first goes at once.
    const wanted = this.#released === 0 ? Math.max(1, room) : room;
    const released = wanted > 0 ? await this.#release(wanted) : 0;
    if (this.#stopped) return;
    if (released === null) return this.#tickAfter(failedWaitMs);
    this.#allowance = Math.max(0, this.#allowance - released);
    if (wanted <= 0 || released > 0) return this.#tickAfter(tickMs);
    if (this.#openedAt === null) {
      this.#openedAt = this.#parts.clock.now();
      this.#parts.opened();
      return this.#tickAfter(lastPassMs);
    }
    await this.#retry(this.#missed.splice(0));
    this.#parts.wake();
    this.stop();
    this.#parts.over();
  }

  #nextSecond(): void {
    const [delivered, failed] = [this.#delivered, this.#failed];
    this.#pace = nextPace(this.#pace, { delivered, failed, meanMs: this.#tookMs / Math.max(1, delivered) });
    this.#delivered = 0;
    this.#failed = 0;
    this.#tookMs = 0;
    const old = this.#parts.clock.monotonic() - forgottenMs;
    for (const [id, at] of this.#underWay) {
      if (at > old) break;
      this.#underWay.delete(id);
    }
  }

  /** Makes the oldest due at once; gives how many. Null: the queue cannot be read. */
  async #release(count: number): Promise<number | null> {
    const { clock, wake } = this.#parts;
    const chosen: Due[] = [];
    while (chosen.length < count) {
      if (!(await this.#refill())) return null;
      const line = this.#oldest();
      const first = line?.next.shift();
      if (line === null || first === undefined) break;
      line.after = first.id;
      chosen.push({ domain: line.domain, ...first });
    }
    if (chosen.length === 0 || this.#stopped) return 0;
    for (const { id } of chosen) this.#underWay.set(id, clock.monotonic());
    const made = await this.#retry(chosen);
    made.forEach((released, place) => {
      const one = chosen[place];
      if (released || one === undefined) return;
      this.#underWay.delete(one.id);
      if (this.#missed.length < missedLimit) this.#missed.push(one);
    });
    this.#released += chosen.length;
    wake();
    return chosen.length;
  }

  #retry(those: readonly Due[]): Promise<boolean[]> {
    const { clock, store } = this.#parts;
    const now = clock.now();
    return Promise.all(
      those.map(async ({ domain, id, states }) => {
        const made = await Promise.all(states.map(state => store.retry({ message: id, domain, state }, now)));
        return made.some(one => one.ok && one.value > 0);
      }),
    );
  }

  /** Each line that may hold more has its next message at hand. False: the store failed. */
  async #refill(): Promise<boolean> {
    const { clock, store } = this.#parts;
    for (const line of this.#lines) {
      if (line.next.length > 0 || (line.drained && this.#openedAt === null)) continue;
      const listed = await store.list({ domain: line.domain }, batchMessages, line.after);
      if (!listed.ok) return false;
      const settled = this.#openedAt ?? clock.now() - settledMs;
      line.next = listed.value
        .filter(({ message }) => message.receivedAt <= settled)
        .map(({ message, recipients }) => ({ id: message.id, states: this.#statesOf(recipients) }));
      line.drained = line.next.length === 0;
    }
    return true;
  }

  /** One in doubt may have arrived: it is sent again only when the time for a late answer is over. */
  #statesOf(recipients: readonly QueuedRecipient[]): readonly RecipientState[] {
    const { clock, doubtWaitMs } = this.#parts;
    const now = clock.now();
    const states = recipients.flatMap(({ state, doubt }): readonly RecipientState[] => {
      // By the time of its turn it has been handed back.
      if (state === 'active') return ['queued', 'deferred'];
      if (state === 'held') return [];
      const waits = doubt?.cause === 'dot' && now - doubt.since < doubtWaitMs();
      return state === 'in_doubt' && waits ? [] : [state];
    });
    return [...new Set(states)];
  }

  #oldest(): Line | null {
    let best: Line | null = null;
    for (const line of this.#lines) {
      const id = line.next[0]?.id;
      if (id === undefined) continue;
      const bestId = best?.next[0]?.id;
      if (bestId === undefined || id < bestId) best = line;
    }
    return best;
  }
}
