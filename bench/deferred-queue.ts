import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MessageIds, parseMessageId } from '../src/decision/queue/message-id.ts';
import { openSqliteStore } from '../src/runtime/queue/sqlite-store.ts';

/**
 * A queue in `directory` with so many recipients that wait after failed attempts, evenly over so many domains: all of them
 * due now, or one each ms from `dueInMs` on.
 */
export async function fillDeferredQueue(
  directory: string,
  recipients: number,
  domains: number,
  domainOf: string,
  dueInMs: number | null = null,
): Promise<void> {
  const made = await openSqliteStore({ directory });
  if (!made.ok) throw new Error(made.error.message);
  await made.value.close();
  const hourAgo = Date.now() - 3_600_000;
  const due = dueInMs === null ? `${hourAgo} + i / 1000` : `${Date.now() + dueInMs} + i`;
  const first = parseMessageId(new MessageIds(null).next(hourAgo)) ?? 0;
  const database = new DatabaseSync(join(directory, 'queue.db'));
  const body = Buffer.from(`Subject: news\r\n\r\n${'All the news of today.\r\n'.repeat(12)}`);
  const numbers = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${recipients})`;
  const path = `'someone@d' || (i % ${domains}) || '.${domainOf}'`;
  database.exec('PRAGMA cache_size = -200000; PRAGMA synchronous = OFF; BEGIN');
  database
    .prepare(
      `INSERT INTO message (id, received_at, reverse_path, size_bytes, body_type, client, body) ${numbers}
       SELECT ${first} + i, ${hourAgo} + i / 1000, 'news@bulk.example', ${body.length}, '7bit',
         '{"address":"10.20.0.77","helo":"bulk","listener":"10.20.0.2:25","uplink":null}', ? FROM n`,
    )
    .run(body);
  database.exec(
    `INSERT INTO recipient (message, place, forward_path, state, attempts, next_attempt_at, last_reply, turn) ${numbers}
       SELECT ${first} + i, 0, ${path}, 'deferred', 3, ${due}, 'No host answered.',
         '>' || substr(${path}, 9) FROM n;
     INSERT INTO turn SELECT turn, 1, min(next_attempt_at), 0, 0 FROM recipient GROUP BY turn;
     UPDATE tally SET value = ${recipients} WHERE name IN ('messages', 'recipients');
     UPDATE tally SET value = ${first + recipients} WHERE name = 'last_id';
     COMMIT`,
  );
  database.close();
}
