import type { SQLOutputValue } from 'node:sqlite';
import { destinationTurn, senderTurn } from '../../decision/queue/turn.ts';
import type { DatabaseForm } from './database-form.ts';
import { clientOf, text } from './queue-rows.ts';

const turns = `
  CREATE INDEX due ON recipient (turn, next_attempt_at) WHERE owner IS NULL AND state <> 'held';
  CREATE TABLE turn (
    name TEXT PRIMARY KEY,
    retried INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    floor INTEGER NOT NULL,
    served INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX ready ON turn (retried, ready_at, served);
`;

/**
 * `message.id` is the number of the message's ID, so that new rows go to the end of the tree. The body stands last in
 * its row: what reads the rest never touches its pages. A recipient's lease is its owner's name; until when the
 * lease holds is kept once for each owner, so that it is renewed by one write however much is under way.
 * `due` holds just those who wait for an attempt, and costs nothing for a message that is leased as it is stored;
 * `turn` has a row for each turn in which somebody waits (`queue-turns.ts`).
 * `tally` counts as it goes: nobody waits for the counting of a million rows.
 */
const tables = `
  CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    reverse_path TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    body_type TEXT NOT NULL,
    client TEXT,
    spool_file TEXT,
    asked TEXT,
    body BLOB
  ) STRICT;
  CREATE UNIQUE INDEX spooled ON message (spool_file) WHERE spool_file IS NOT NULL;
  CREATE TABLE recipient (
    message INTEGER NOT NULL,
    place INTEGER NOT NULL,
    forward_path TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    owner TEXT,
    last_egress TEXT,
    last_egress_since INTEGER,
    last_reply TEXT,
    doubt TEXT,
    dsn TEXT,
    delay_told INTEGER,
    turn TEXT NOT NULL,
    PRIMARY KEY (message, place)
  ) STRICT, WITHOUT ROWID;
  ${turns}
  CREATE TABLE owner (name TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE tally (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO tally VALUES ('messages', 0), ('recipients', 0), ('last_id', -1), ('starts', 0);
  CREATE TABLE outage (from_ms INTEGER PRIMARY KEY, to_ms INTEGER) STRICT;
  CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/** From the form that knew neither turns nor what is asked of reports. */
const upgradeFrom1 = `
  ALTER TABLE message ADD COLUMN asked TEXT;
  ALTER TABLE recipient ADD COLUMN dsn TEXT;
  ALTER TABLE recipient ADD COLUMN delay_told INTEGER;
  ALTER TABLE recipient ADD COLUMN turn TEXT NOT NULL DEFAULT '';
  DROP INDEX due;
  UPDATE recipient SET turn = CASE WHEN attempts > 0 THEN destination_turn(forward_path)
    ELSE (SELECT sender_turn(client, reverse_path) FROM message WHERE id = recipient.message) END;
  ${turns}
  INSERT INTO turn SELECT turn, turn LIKE '>%', min(next_attempt_at), 0, 0 FROM recipient INDEXED BY due
    WHERE owner IS NULL AND state <> 'held' GROUP BY turn;
`;

/** Functions of SQL that the schema's statements use. */
export const queueFunctions: Readonly<Record<string, (...values: SQLOutputValue[]) => string>> = {
  destination_turn: forwardPath => destinationTurn(text(forwardPath)),
  sender_turn: (client, reversePath) =>
    senderTurn({ client: clientOf(client), reversePath: text(reversePath) }),
};

/** Marked "PSTQ". */
export const queueForm: DatabaseForm = {
  applicationId: 0x50535451,
  version: 2,
  tables,
  upgrades: { 1: upgradeFrom1 },
  what: 'a queue of Postern',
};
