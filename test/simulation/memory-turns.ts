import { Heap } from '../../src/decision/heap.ts';
import type { MessageId, QueuedRecipient } from '../../src/decision/queue/queued.ts';
import { isDestinationTurn, type Turn } from '../../src/decision/queue/turn.ts';
import type { LeaseLimits } from '../../src/runtime/ports.ts';

/** A recipient that was due at a time; whether it still is, its row tells. */
export type DueMark = { readonly at: number; readonly message: MessageId; readonly index: number };

type Waiting = { readonly marks: Heap<DueMark>; floor: number; served: number };

/** So many leave in one turn before the next one's, as in the real store. */
const turnRecipients = 50;

/** Fair turns among those who wait, by the simplest means: all turns are looked at for each choice. */
export class MemoryTurns {
  readonly #turns = new Map<Turn, Waiting>();
  #now = Number.NEGATIVE_INFINITY;
  #served = 0;

  wait(turn: Turn, { nextAttemptAt: at, message, index }: QueuedRecipient): void {
    const known = this.#turns.get(turn) ?? {
      marks: new Heap(isBefore),
      floor: Number.NEGATIVE_INFINITY,
      served: 0,
    };
    this.#turns.set(turn, known);
    known.marks.add({ at, message, index });
  }

  callUp(turn: Turn, at: number): void {
    const waiting = this.#turns.get(turn);
    if (waiting !== undefined) waiting.floor = Math.min(waiting.floor, at);
  }

  putOff(turn: Turn, until: number): void {
    const waiting = this.#turns.get(turn);
    if (waiting !== undefined) waiting.floor = Math.max(waiting.floor, until);
  }

  /** Calls `take` turn by turn; marks that do not stand any more are dropped on the way. */
  serve(
    kind: keyof LeaseLimits,
    now: number,
    limit: number,
    stands: (turn: Turn, mark: DueMark) => boolean,
    take: (mark: DueMark) => void,
  ): void {
    if (now < this.#now - 1_000)
      for (const waiting of this.#turns.values()) waiting.floor = Math.min(now, waiting.floor);
    this.#now = now;
    for (let left = limit; left > 0; ) {
      const next = this.#next(kind, stands);
      if (next === null || next.readyAt > now) return;
      const { turn, waiting } = next;
      for (let taken = 0; taken < turnRecipients && left > 0; taken++, left--) {
        const mark = this.#first(turn, waiting, stands);
        if (mark === undefined || mark.at > now) break;
        waiting.marks.take();
        take(mark);
      }
      waiting.floor = now;
      waiting.served = ++this.#served;
    }
  }

  nextDue(kind: keyof LeaseLimits, stands: (turn: Turn, mark: DueMark) => boolean): number {
    return this.#next(kind, stands)?.readyAt ?? Number.POSITIVE_INFINITY;
  }

  #next(kind: keyof LeaseLimits, stands: (turn: Turn, mark: DueMark) => boolean) {
    let best: { turn: Turn; waiting: Waiting; readyAt: number } | null = null;
    for (const [turn, waiting] of this.#turns) {
      if (isDestinationTurn(turn) !== (kind === 'retried')) continue;
      const mark = this.#first(turn, waiting, stands);
      if (mark === undefined) {
        this.#turns.delete(turn);
        continue;
      }
      const readyAt = Math.max(mark.at, waiting.floor);
      const isBetter =
        best === null ||
        readyAt < best.readyAt ||
        (readyAt === best.readyAt && waiting.served < best.waiting.served);
      if (isBetter) best = { turn, waiting, readyAt };
    }
    return best;
  }

  #first(
    turn: Turn,
    { marks }: Waiting,
    stands: (turn: Turn, mark: DueMark) => boolean,
  ): DueMark | undefined {
    for (;;) {
      const mark = marks.first;
      if (mark === undefined || stands(turn, mark)) return mark;
      marks.take();
    }
  }
}

/** The earliest first, and of one time those of the oldest message. */
function isBefore(one: DueMark, other: DueMark): boolean {
  if (one.at !== other.at) return one.at < other.at;
  if (one.message !== other.message) return one.message < other.message;
  return one.index < other.index;
}
