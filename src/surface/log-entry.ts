import type { Condition } from '../decision/notice/condition.ts';
import { isTrouble } from '../decision/notice/telling-plan.ts';
import type { GatewayEvent, TraceEvent } from '../runtime/events.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** One line of the log: a sentence for people and its facts for programs. Facts that do not apply are undefined, and left out. */
export type LogEntry = {
  readonly level: LogLevel;
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number | undefined>>;
};

/** How much an event weighs: known before its line is made, for most lines are never wanted. */
export function levelOf(event: GatewayEvent): LogLevel {
  switch (event.kind) {
    case 'message': {
      const what = event.trace.event;
      // Attempts and hedges are the trace's affair, and the log's only when everything is wanted.
      if (what === 'attempt' || what === 'hedged') return 'debug';
      return what === 'expired' ? 'warn' : 'info';
    }
    case 'egress':
      return event.state === 'down' || event.state === 'degraded' ? 'warn' : 'info';
    case 'listener':
      return event.state === 'failed' ? 'error' : event.state === 'absent' ? 'warn' : 'info';
    case 'warning':
      return 'warn';
    case 'rejected':
    case 'notice':
      return 'info';
    case 'connect':
    case 'tls':
      return 'debug';
    case 'condition':
      return conditionLevel(event.condition);
  }
}

/** What the log says of an event. */
export function logEntry(event: GatewayEvent): LogEntry {
  const level = levelOf(event);
  switch (event.kind) {
    case 'message':
      return messageEntry(level, event.trace, event.sizeBytes);
    case 'egress': {
      const facts = {
        egress: event.id,
        uplink: event.uplink,
        state: event.state,
        previous: event.previous,
        reason: event.reason,
      };
      return {
        level,
        message: `uplink ${event.uplink}: ${event.id} is ${event.state} (was ${event.previous}): ${event.reason}`,
        facts,
      };
    }
    case 'listener': {
      const facts = { listener: event.address, state: event.state, reason: event.reason };
      return {
        level,
        message: `listener ${event.address} is ${event.state}${event.reason ? `: ${event.reason}` : ''}`,
        facts,
      };
    }
    case 'rejected':
      return {
        level,
        message: `refused ${event.client} at ${event.listener}: ${event.reason}`,
        facts: { listener: event.listener, client: event.client, reason: event.reason },
      };
    case 'warning':
      return { level, message: event.message, facts: { subject: event.subject } };
    case 'notice':
      return { level, message: event.message, facts: { subject: event.subject } };
    case 'connect':
      return connectEntry(level, event);
    case 'condition': {
      const { kind, subject, uplink, state, previous, reason } = event.condition;
      const about = subject === '' ? kind : `${kind} ${subject}`;
      return {
        level,
        message: `${about}: ${state} (was ${previous}): ${reason}`,
        facts: { condition: kind, subject, uplink: uplink ?? undefined, state, previous, reason },
      };
    }
    case 'tls': {
      const { side, with: whom, facts, error } = event;
      const came = facts === null ? (error ?? 'failed') : `${facts.protocol} ${facts.cipher}`;
      return {
        level,
        message: `TLS ${side === 'client' ? 'to' : 'at'} ${whom}: ${came}`,
        facts: {
          side,
          with: whom,
          protocol: facts?.protocol,
          cipher: facts?.cipher,
          error: error ?? undefined,
        },
      };
    }
  }
}

/** What begins is a warning, what ends is told. */
function conditionLevel(condition: Condition): LogLevel {
  return isTrouble(condition) ? 'warn' : 'info';
}

function messageEntry(level: LogLevel, trace: TraceEvent, sizeBytes: number | null): LogEntry {
  const { event } = trace;
  const from = trace.sender === '' ? '<>' : trace.sender;
  const whom =
    event === 'accepted'
      ? `from ${from}${trace.recipient === null ? '' : ` for ${trace.recipient}`}`
      : (trace.recipient ?? `mail from ${from}`);
  const way =
    trace.uplink === null ? '' : ` by ${trace.uplink}${trace.source === null ? '' : ` (${trace.source})`}`;
  const client =
    event === 'accepted' && trace.address !== null
      ? ` by client ${trace.ehlo ?? '?'} [${trace.address}]`
      : '';
  const address = event === 'accepted' || trace.address === null ? '' : ` [${trace.address}]`;
  const place = trace.host === null ? '' : `${client} at ${trace.host}${address}`;
  const why = [trace.reply, trace.reason].filter(part => part !== null && part !== '').join('; ');
  return {
    level,
    message: `${trace.id} ${event} ${whom}${way}${place}${why === '' ? '' : `: ${why}`}`,
    facts: {
      id: trace.id,
      event,
      sender: from,
      recipient: trace.recipient ?? undefined,
      size_bytes: sizeBytes ?? undefined,
      uplink: trace.uplink ?? undefined,
      egress: trace.uplink !== null && trace.source !== null ? `${trace.uplink}/${trace.source}` : undefined,
      ehlo: trace.ehlo ?? undefined,
      host: trace.host ?? undefined,
      address: trace.address ?? undefined,
      reply: trace.reply ?? undefined,
      blame: trace.blame ?? undefined,
      reason: trace.reason ?? undefined,
      elapsed_ms: trace.elapsedMs === null ? undefined : Math.round(trace.elapsedMs),
    },
  };
}

function connectEntry(level: LogLevel, event: Extract<GatewayEvent, { kind: 'connect' }>): LogEntry {
  const { egressId, site, connectMs, error } = event;
  const what = event.probe ? 'probe' : event.hedge ? 'hedge' : 'connection';
  return {
    level,
    message: `${what} to ${site} by ${egressId}: ${error ?? `connected in ${Math.round(connectMs ?? 0)} ms`}`,
    facts: { egress: egressId, site, connect_ms: connectMs ?? undefined, error: error ?? undefined },
  };
}
