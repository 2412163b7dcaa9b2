import type { MessageId } from '../../decision/queue/queued.ts';
import type { TraceEvent } from '../events.ts';

/** What happened to one message within one batch: a row of the trace, and what it is found by. */
export type TraceEntry = {
  readonly id: MessageId;
  /** Wall ms of its first event. */
  readonly at: number;
  readonly sender: string;
  readonly recipients: readonly string[];
  /** The events' other fields, as JSON. */
  readonly events: string;
};

type Line = [
  at: number,
  event: TraceEvent['event'],
  recipient: string | null,
  uplink: string | null,
  source: string | null,
  ehlo: string | null,
  host: string | null,
  address: string | null,
  reply: string | null,
  tls: string | null,
  blame: TraceEvent['blame'],
  reason: string | null,
  elapsedMs: number | null,
];

/** Joins the events of each message, in order: one message that goes through at once is one row, not three. */
export function entriesOf(events: readonly TraceEvent[]): TraceEntry[] {
  const byMessage = new Map<MessageId, { first: TraceEvent; recipients: Set<string>; lines: Line[] }>();
  for (const event of events) {
    let entry = byMessage.get(event.id);
    if (entry === undefined) {
      entry = { first: event, recipients: new Set(), lines: [] };
      byMessage.set(event.id, entry);
    }
    if (event.recipient !== null) entry.recipients.add(event.recipient);
    entry.lines.push(lineOf(event));
  }
  return [...byMessage.values()].map(({ first, recipients, lines }) => ({
    id: first.id,
    at: first.at,
    sender: first.sender,
    recipients: [...recipients],
    events: JSON.stringify(lines),
  }));
}

/** The events of a stored entry. */
export function eventsOf(id: MessageId, sender: string, stored: string): TraceEvent[] {
  const lines: Line[] = JSON.parse(stored);
  return lines.map(
    ([at, event, recipient, uplink, source, ehlo, host, address, reply, tls, blame, reason, elapsedMs]) => ({
      at,
      id,
      recipient,
      sender,
      event,
      uplink,
      source,
      ehlo,
      host,
      address,
      reply,
      tls,
      blame,
      reason,
      elapsedMs,
    }),
  );
}

function lineOf(event: TraceEvent): Line {
  return [
    event.at,
    event.event,
    event.recipient,
    event.uplink,
    event.source,
    event.ehlo,
    event.host,
    event.address,
    event.reply,
    event.tls,
    event.blame,
    event.reason,
    event.elapsedMs,
  ];
}
