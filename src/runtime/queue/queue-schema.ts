import type { DatabaseForm } from './database-form.ts';

/**
 * `message.id` is the number of the message's ID, so that new rows go to the end of the tree. The body stands last in
 * its row: what reads the rest never touches its pages. A recipient's lease is its owner's name; until when the
 * lease holds is kept once for each owner, so that it is renewed by one write however much is under way.
 * `due` holds just those who wait for an attempt, and costs nothing for a message that is leased as it is stored.
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
    PRIMARY KEY (message, place)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX due ON recipient (next_attempt_at) WHERE owner IS NULL AND state <> 'held';
  CREATE TABLE owner (name TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE tally (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO tally VALUES ('messages', 0), ('recipients', 0), ('last_id', -1), ('starts', 0);
  CREATE TABLE outage (from_ms INTEGER PRIMARY KEY, to_ms INTEGER) STRICT;
  CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Marked "PSTQ". */
export const queueForm: DatabaseForm = {
  applicationId: 0x50535451,
  version: 1,
  tables,
  what: 'a queue of Postern',
};
