import assert from 'node:assert/strict';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import test from 'node:test';
import { queueForm, queueFunctions } from './queue-schema.ts';
import { QueueTurns } from './queue-turns.ts';
import { Statements } from './statements.ts';

/** Remembers what was asked. */
class SeenStatements extends Statements {
  readonly sources = new Set<string>();

  override of(source: string): StatementSync {
    this.sources.add(source);
    return super.of(source);
  }
}

test('turns: each step is a look-up in an index, however long the queue is', () => {
  const database = new DatabaseSync(':memory:');
  for (const [name, define] of Object.entries(queueFunctions))
    database.function(name, { deterministic: true }, define);
  database.exec(queueForm.tables);
  const statements = new SeenStatements(database);
  const turns = new QueueTurns(statements);
  database.exec(`INSERT INTO recipient (message, place, forward_path, state, attempts, next_attempt_at, turn)
    VALUES (1, 0, 'a@remote.example', 'deferred', 1, 10, '>remote.example'),
      (2, 0, 'b@remote.example', 'deferred', 1, 11, '>remote.example')`);
  turns.serve('retried', 1, 10, () => true);
  turns.wait('>remote.example', 10);
  turns.putOff('>remote.example', 20);
  assert.equal(turns.nextDue('retried'), 20);
  const take = (): boolean => {
    database.exec(
      `UPDATE recipient SET owner = 'me' WHERE message = (SELECT min(message) FROM recipient WHERE owner IS NULL)`,
    );
    return true;
  };
  turns.serve('retried', 30, 1, take);
  assert.equal(turns.nextDue('retried'), 30, 'the other is next, after all who are ready by then');
  turns.serve('retried', 30, 1, take);
  assert.equal(turns.nextDue('retried'), null);
  // Where the calendar went back, and at the first look after a start, all turns are looked at, once.
  const asked = [...statements.sources].filter(source => !source.includes('WHERE floor > ?1'));
  assert.ok(asked.length >= 7);
  for (const source of asked)
    for (const { detail } of database.prepare(`EXPLAIN QUERY PLAN ${source}`).all())
      assert.match(String(detail), /^SEARCH/, source);
  database.close();
});
