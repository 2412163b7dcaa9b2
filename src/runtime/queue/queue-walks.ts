import type { StatementSync } from 'node:sqlite';
import { emptyCensus, type QueueCensus } from '../../decision/queue/census.ts';
import { formatMessageId, parseMessageId } from '../../decision/queue/message-id.ts';
import type { MessageId, RecipientState } from '../../decision/queue/queued.ts';
import type { QueueFilter, StoredMessage } from '../ports.ts';
import { bodyOf, messageOf, number, recipientOf, rowKey, text } from './queue-rows.ts';
import type { QueueTurns } from './queue-turns.ts';
import type { Statements } from './statements.ts';
import type { OperatorChange, Step, StepFrom } from './store-calls.ts';

/** A walk over the whole queue looks at this many recipients in one step. */
const stepRecipients = 10_000;

/** The condition of a filter on `recipient r JOIN message m`; every part holds where it is not asked for. */
const filtered = `(:reversePath IS NULL OR m.reverse_path = :reversePath COLLATE NOCASE)
  AND (:forwardPath IS NULL OR r.forward_path = :forwardPath COLLATE NOCASE)
  AND (:domain IS NULL OR r.forward_path LIKE :domain ESCAPE '!')
  AND (:state IS NULL OR r.state = :state)`;

const matching = (columns: string, rest: string): string =>
  `SELECT ${columns} FROM recipient r JOIN message m ON m.id = r.message
   WHERE r.message > :after AND r.message <= :upTo AND ${filtered} ${rest}`;

/** An operator changes what nobody holds. */
const changes: Record<OperatorChange, string> = {
  retry: `SET next_attempt_at = :now WHERE state <> 'held'`,
  hold: `SET state = 'held' WHERE state <> 'held'`,
  release: `SET next_attempt_at = :now, state = CASE WHEN doubt IS NOT NULL THEN 'in_doubt'
      WHEN attempts > 0 THEN 'deferred' ELSE 'queued' END WHERE state = 'held'`,
};

/** Looks at the whole queue, and an operator's hand on it, in steps short enough that mail never waits for one. */
export class QueueWalks {
  readonly #statements: Statements;
  readonly #turns: QueueTurns;
  readonly #until: (owner: string) => number;
  readonly #removed: (recipients: number, messages: Iterable<number>) => void;

  /** `until`: how long an owner's leases hold. `removed`: of these messages, so many recipients are gone. */
  constructor(
    statements: Statements,
    turns: QueueTurns,
    until: (owner: string) => number,
    removed: (recipients: number, messages: Iterable<number>) => void,
  ) {
    this.#statements = statements;
    this.#turns = turns;
    this.#until = until;
    this.#removed = removed;
  }

  /** Messages of which a recipient is meant by the filter, each with the recipients that are meant. */
  list(from: StepFrom, limit: number): Step<readonly StoredMessage[]> {
    const range = this.#range(from);
    if (range === null) return { found: [], next: null };
    const ids = this.#sql(matching('DISTINCT r.message AS id', 'ORDER BY r.message LIMIT :limit')).all({
      ...range.named,
      limit,
    });
    const recipients = this.#sql(matching('r.*', 'AND r.message = :one ORDER BY r.place'));
    const found = ids.map(({ id = null }) => {
      const row = this.#sql('SELECT * FROM message WHERE id = ?').get(id) ?? {};
      return {
        message: messageOf(row),
        body: bodyOf(row),
        recipients: recipients
          .all({ ...range.named, one: id })
          .map(recipient => recipientOf(recipient, this.#until)),
      };
    });
    return { found, next: found.length === limit ? (found.at(-1)?.message.id ?? null) : range.next };
  }

  change(from: StepFrom, change: OperatorChange, now: number): Step<number> {
    const range = this.#range(from);
    if (range === null) return { found: 0, next: null };
    const changed = this.#sql(
      `UPDATE recipient ${changes[change]} AND owner IS NULL
       AND (message, place) IN (${matching('r.message, r.place', '')}) RETURNING turn`,
    ).all({ ...range.named, now });
    if (change !== 'hold')
      for (const turn of new Set(changed.map(row => text(row.turn)))) {
        this.#turns.wait(turn, now);
        this.#turns.callUp(turn, now);
      }
    return { found: changed.length, next: range.next };
  }

  remove(from: StepFrom): Step<readonly { message: MessageId; forwardPath: string }[]> {
    const range = this.#range(from);
    if (range === null) return { found: [], next: null };
    const rows = this.#sql(matching('r.message, r.place, r.forward_path', 'AND r.owner IS NULL')).all(
      range.named,
    );
    const remove = this.#sql('DELETE FROM recipient WHERE message = ? AND place = ?');
    const touched = new Set<number>();
    const found = rows.map(row => {
      const id = number(row.message);
      remove.run(id, number(row.place));
      touched.add(id);
      return { message: formatMessageId(id), forwardPath: text(row.forward_path) };
    });
    this.#removed(found.length, touched);
    return { found, next: range.next };
  }

  /** One step of the counting. */
  census(after: MessageId | null): Step<QueueCensus> {
    const range = this.#range({ filter: {}, after });
    if (range === null) return { found: emptyCensus, next: null };
    const part = 'FROM recipient WHERE message > :after AND message <= :upTo';
    const counted = this.#sql(`SELECT state, count(*) AS recipients ${part} GROUP BY state`).all(range.named);
    const first = this.#sql(
      `SELECT id, received_at FROM message WHERE id =
       (SELECT message ${part} AND state <> 'held' ORDER BY message LIMIT 1)`,
    ).get(range.named);
    const byState = new Map(counted.map(row => [text(row.state), number(row.recipients)]));
    const of = (state: RecipientState): number => byState.get(state) ?? 0;
    return {
      found: {
        recipients: {
          queued: of('queued'),
          active: of('active'),
          deferred: of('deferred'),
          held: of('held'),
          in_doubt: of('in_doubt'),
        },
        oldest:
          first === undefined
            ? null
            : { id: formatMessageId(number(first.id)), receivedAt: number(first.received_at) },
      },
      next: range.next,
    };
  }

  /** What one step of a walk looks at: whole messages, up to some ten thousand recipients. Null: nothing can match. */
  #range({ filter, after }: StepFrom) {
    const one = filter.message === undefined ? null : parseMessageId(filter.message);
    if (filter.message !== undefined && one === null) return null;
    const start = after === null ? -1 : rowKey(after);
    if (one !== null && one <= start) return null;
    const last =
      one === null
        ? this.#sql(
            'SELECT message FROM recipient WHERE message > ? ORDER BY message, place LIMIT 1 OFFSET ?',
          ).get(start, stepRecipients)
        : undefined;
    const end = last === undefined ? null : number(last.message);
    const named = {
      after: one === null ? start : one - 1,
      upTo: one ?? end ?? Number.MAX_SAFE_INTEGER,
      ...namedFilter(filter),
    };
    return { named, next: end === null ? null : formatMessageId(end) };
  }

  #sql(source: string): StatementSync {
    return this.#statements.of(source);
  }
}

function namedFilter(filter: QueueFilter) {
  return {
    reversePath: filter.reversePath ?? null,
    forwardPath: filter.forwardPath ?? null,
    domain: filter.domain === undefined ? null : `%@${filter.domain.replaceAll(/[!%_]/g, '!$&')}`,
    state: filter.state ?? null,
  };
}
