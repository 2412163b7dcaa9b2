import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import { isDestinationTurn, type Turn } from '../../decision/queue/turn.ts';
import { number, type Row, text } from './queue-rows.ts';
import type { Statements } from './statements.ts';

/** So many recipients leave in one turn before the next one's: half of what one transaction carries. */
const turnRecipients = 50;

/** A calendar that goes back by less than this is no matter. */
const clockStepMs = 1_000;

/** Mail that was never attempted, or mail that waits for a retry. */
export type TurnKind = 'fresh' | 'retried';

/**
 * Whose turn it is. A row of `turn` stands for all who wait in it: `ready_at` is when it may be served next, never later
 * than its first recipient is due, `floor` the time before which it may not: that of its last service, or until when
 * its destination is left alone. What is ready longest is served first, and stands last after that. A row may be
 * outdated downwards (its recipients went meanwhile): it is put right when its turn comes. Each step is a look-up or two
 * in an index, however long the queue is.
 */
export class QueueTurns {
  readonly #statements: Statements;
  /** The last `now`; unknown after a start, when the calendar may have gone back meanwhile. */
  #now = Number.POSITIVE_INFINITY;
  #served = 0;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** A recipient waits in this turn from `at`. */
  wait(turn: Turn, at: number): void {
    this.#sql(
      `INSERT INTO turn (name, retried, ready_at, floor, served) VALUES (?1, ?2, ?3, 0, 0)
       ON CONFLICT (name) DO UPDATE SET ready_at = max(?3, floor) WHERE ready_at > max(?3, floor)`,
    ).run(turn, isDestinationTurn(turn) ? 1 : 0, Math.round(at));
  }

  /** Who waits in this turn is called up: it is put off no longer. */
  callUp(turn: Turn, at: number): void {
    this.#sql('UPDATE turn SET floor = 0, ready_at = min(ready_at, ?1) WHERE name = ?2').run(
      Math.round(at),
      turn,
    );
  }

  /** Nobody of this turn is served before `until`. */
  putOff(turn: Turn, until: number): void {
    const at = Math.round(until);
    this.#sql(
      'UPDATE turn SET floor = max(floor, ?1), ready_at = max(ready_at, ?1) WHERE name = ?2 AND floor < ?1',
    ).run(at, turn);
  }

  /** Calls `take` for up to `limit` recipients due at `now`, turn by turn; ends early where it gives false. */
  serve(kind: TurnKind, now: number, limit: number, take: (recipient: Row) => boolean): void {
    this.#watchClock(now);
    let left = limit;
    while (left > 0) {
      const turn = this.#first(kind);
      if (turn === null || turn.readyAt > now) return;
      const due = this.#sql(
        `SELECT * FROM recipient INDEXED BY due WHERE turn = ? AND owner IS NULL AND state <> 'held'
         AND next_attempt_at <= ? ORDER BY next_attempt_at LIMIT ?`,
      ).all(turn.name, now, Math.min(left, turnRecipients));
      let taken = 0;
      for (const row of due) {
        if (!take(row)) return this.#after(turn.name, taken > 0, now);
        taken += 1;
      }
      left -= taken;
      this.#after(turn.name, taken > 0, now);
    }
  }

  /** When the next turn comes; null: nobody waits. */
  nextDue(kind: TurnKind): number | null {
    for (;;) {
      const turn = this.#first(kind);
      if (turn === null) return null;
      const due = this.#dueAt(turn.name);
      if (due !== null && turn.readyAt === Math.max(due, turn.floor)) return turn.readyAt;
      this.#set(turn.name, due, turn.floor, null);
    }
  }

  #after(name: Turn, served: boolean, now: number): void {
    this.#set(name, this.#dueAt(name), served ? Math.floor(now) : 0, served ? ++this.#served : null);
  }

  #set(name: Turn, due: number | null, floor: number, served: number | null): void {
    if (due === null) this.#sql('DELETE FROM turn WHERE name = ?').run(name);
    else
      this.#sql(
        'UPDATE turn SET ready_at = max(?1, ?2), floor = ?2, served = ifnull(?3, served) WHERE name = ?4',
      ).run(due, floor, served, name);
  }

  #first(kind: TurnKind): { name: Turn; readyAt: number; floor: number } | null {
    const row = this.#sql(
      `SELECT name, ready_at, floor FROM turn INDEXED BY ready WHERE retried = ?
       ORDER BY ready_at, served LIMIT 1`,
    ).get(kind === 'retried' ? 1 : 0);
    if (row === undefined) return null;
    return { name: text(row.name), readyAt: number(row.ready_at), floor: number(row.floor) };
  }

  /** When the first recipient of a turn is due. */
  #dueAt(name: Turn): number | null {
    const row = this.#sql(
      `SELECT min(next_attempt_at) AS due FROM recipient INDEXED BY due
       WHERE turn = ? AND owner IS NULL AND state <> 'held'`,
    ).get(name);
    const due: SQLOutputValue | undefined = row?.due;
    return typeof due === 'number' ? due : null;
  }

  /** Where the calendar went back, a time of before would keep a turn waiting for as long. */
  #watchClock(now: number): void {
    if (now < this.#now - clockStepMs)
      this.#sql('UPDATE turn SET ready_at = min(ready_at, ?1), floor = 0 WHERE floor > ?1').run(
        Math.floor(now),
      );
    this.#now = now;
  }

  #sql(source: string): StatementSync {
    return this.#statements.of(source);
  }
}
