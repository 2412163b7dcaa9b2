import type { SQLOutputValue } from 'node:sqlite';
import { formatMessageId, parseMessageId } from '../../decision/queue/message-id.ts';
import type {
  BodyRef,
  Doubt,
  MessageClient,
  MessageId,
  QueuedMessage,
  QueuedRecipient,
  RecipientState,
} from '../../decision/queue/queued.ts';
import type { BodyType, RecipientDsn } from '../../protocol/smtp/envelope.ts';

/** A row as `node:sqlite` gives it. */
export type Row = Record<string, SQLOutputValue>;

const states: readonly RecipientState[] = ['queued', 'active', 'deferred', 'held', 'in_doubt'];

export function messageOf(row: Row): QueuedMessage {
  return {
    id: formatMessageId(number(row.id)),
    receivedAt: number(row.received_at),
    reversePath: text(row.reverse_path),
    sizeBytes: number(row.size_bytes),
    bodyType: row.body_type === '8bitmime' ? '8bitmime' : ('7bit' satisfies BodyType),
    client: clientOf(row.client),
    ...readJson<Asked>(row.asked),
  };
}

export function clientOf(value: SQLOutputValue | undefined): MessageClient | null {
  return readJson<MessageClient>(value);
}

/** What few clients ask for: it has one column. */
type Asked = Pick<QueuedMessage, 'smtpUtf8' | 'dsn'>;

export function askedText({ smtpUtf8, dsn }: QueuedMessage): string | null {
  if (smtpUtf8 === undefined && dsn === undefined) return null;
  return JSON.stringify({ smtpUtf8, dsn } satisfies { [Key in keyof Asked]: Asked[Key] | undefined });
}

export function bodyOf(row: Row): BodyRef {
  if (typeof row.spool_file === 'string') {
    return { kind: 'spool', file: row.spool_file, sizeBytes: number(row.size_bytes) };
  }
  const { body } = row;
  if (!(body instanceof Uint8Array)) throw new TypeError('A row of the queue has no body.');
  return { kind: 'inline', bytes: Buffer.from(body.buffer, body.byteOffset, body.byteLength) };
}

/** `until`: how long the owner's leases hold. */
export function recipientOf(row: Row, until: (owner: string) => number): QueuedRecipient {
  const { owner, last_egress: lastEgress } = row;
  const dsn = readJson<RecipientDsn>(row.dsn);
  return {
    message: formatMessageId(number(row.message)),
    index: number(row.place),
    forwardPath: text(row.forward_path),
    state: states.find(state => state === row.state) ?? 'queued',
    attempts: number(row.attempts),
    nextAttemptAt: number(row.next_attempt_at),
    lease: typeof owner === 'string' ? { owner, until: until(owner) } : null,
    lastEgress:
      typeof lastEgress === 'string' ? { id: lastEgress, since: number(row.last_egress_since) } : null,
    lastReply: typeof row.last_reply === 'string' ? row.last_reply : null,
    doubt: readJson<Doubt>(row.doubt),
    ...(dsn === null ? null : { dsn }),
    ...(row.delay_told === 1 ? { delayTold: true } : null),
  };
}

/** Throws for a text that is no ID: IDs are given by ourselves. */
export function rowKey(id: MessageId): number {
  const key = parseMessageId(id);
  if (key === null) throw new TypeError(`"${id}" is no message ID.`);
  return key;
}

export function number(value: SQLOutputValue | undefined): number {
  if (typeof value !== 'number') throw new TypeError('A row of the queue has no number where one must be.');
  return value;
}

export function text(value: SQLOutputValue | undefined): string {
  if (typeof value !== 'string') throw new TypeError('A row of the queue has no text where it must be.');
  return value;
}

/** What we wrote with JSON.stringify; the column's type is the schema's promise. */
function readJson<Value>(value: SQLOutputValue | undefined): Value | null {
  return typeof value === 'string' ? (JSON.parse(value) as Value) : null;
}
