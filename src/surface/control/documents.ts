import type { Condition, ConditionKind } from '../../decision/notice/condition.ts';
import type { MessageClient, QueuedRecipient } from '../../decision/queue/queued.ts';
import { rfc3339 } from '../../protocol/message/rfc3339.ts';
import type { GatewayEvent, TraceEvent } from '../../runtime/events.ts';
import type { EgressTest, UplinkReport } from '../../runtime/gateway-control.ts';
import type { StoredMessage } from '../../runtime/ports.ts';

/* What `--json` prints: snake case, RFC 3339 in UTC, durations in `_ms`, sizes in bytes. These shapes are promised. */

export type UplinksDocument = { readonly uplinks: readonly UplinkDocument[] };

export type UplinkDocument = {
  readonly name: string;
  readonly state: string;
  readonly since: string;
  readonly reason: string;
  readonly preference: number;
  readonly egresses: readonly EgressDocument[];
};

export type EgressDocument = {
  readonly source: string | null;
  readonly public: string | null;
  readonly ehlo: string;
  readonly state: string;
  readonly since: string;
  readonly reason: string;
  readonly fit: string;
  /** Why it is unfit or unknown; '' while it is fit. */
  readonly fit_reason: string;
  readonly changes_24h: number;
  readonly sent: number;
  readonly failed: number;
  readonly rate_per_s: number;
  readonly connect_ms: { readonly p50: number | null; readonly p99: number | null };
};

export function uplinksDocument(reports: readonly UplinkReport[]): UplinksDocument {
  return {
    uplinks: reports.map(({ name, state, since, reason, preference, egresses }) => ({
      name,
      state,
      since: rfc3339(since),
      reason,
      preference,
      egresses: egresses.map(egress => ({
        source: egress.source,
        public: egress.public,
        ehlo: egress.ehlo,
        state: egress.state,
        since: rfc3339(egress.since),
        reason: egress.reason,
        fit: egress.fit,
        fit_reason: egress.fitReason,
        changes_24h: egress.changes24h,
        sent: egress.sent,
        failed: egress.failed,
        rate_per_s: rounded(egress.ratePerS, 100),
        connect_ms: { p50: tenth(egress.connectMs.p50), p99: tenth(egress.connectMs.p99) },
      })),
    })),
  };
}

/** One egress of `uplinks test --json`, a line each. */
export type EgressTestDocument = {
  readonly egress: string;
  readonly source: string | null;
  readonly host: string | null;
  readonly ok: boolean;
  readonly steps: readonly {
    readonly step: string;
    readonly ok: boolean;
    readonly text: string;
    readonly elapsed_ms: number;
  }[];
};

export function egressTestDocument({ egress, source, host, ok, steps }: EgressTest): EgressTestDocument {
  return {
    egress,
    source,
    host,
    ok,
    steps: steps.map(step => ({
      step: step.step,
      ok: step.ok,
      text: step.text,
      elapsed_ms: rounded(step.elapsedMs, 10),
    })),
  };
}

/** One way of `notify test --json`, a line each. */
export type NotifyTestDocument = { readonly way: string; readonly ok: boolean; readonly text: string };

/** One message of `queue list --json`. */
export type QueueDocument = {
  readonly id: string;
  readonly received: string;
  readonly reverse_path: string;
  readonly size_bytes: number;
  readonly recipients: readonly QueueRecipientDocument[];
};

export type QueueRecipientDocument = {
  readonly forward_path: string;
  readonly state: string;
  readonly attempts: number;
  readonly next_attempt: string;
  readonly last_reply: string | null;
  readonly last_egress: string | null;
  /** Only in doubt: the final dot (or our own crash) it dates from. */
  readonly doubt?: {
    readonly cause: string;
    readonly since: string;
    readonly egress: string | null;
    readonly host: string | null;
  };
};

export function queueDocument({ message, recipients }: StoredMessage): QueueDocument {
  return {
    id: message.id,
    received: rfc3339(message.receivedAt),
    reverse_path: message.reversePath,
    size_bytes: message.sizeBytes,
    recipients: recipients.map(recipientDocument),
  };
}

/** `queue show --json`: the same, and who gave the message to us. */
export type QueueShowDocument = QueueDocument & {
  readonly body_type: string;
  readonly client: MessageClient | null;
};

export function queueShowDocument(stored: StoredMessage): QueueShowDocument {
  return { ...queueDocument(stored), body_type: stored.message.bodyType, client: stored.message.client };
}

function recipientDocument(recipient: QueuedRecipient): QueueRecipientDocument {
  const { doubt } = recipient;
  return {
    forward_path: recipient.forwardPath,
    state: recipient.state,
    attempts: recipient.attempts,
    next_attempt: rfc3339(recipient.nextAttemptAt),
    last_reply: recipient.lastReply,
    last_egress: recipient.lastEgress?.id ?? doubt?.egressId ?? null,
    ...(doubt === null
      ? {}
      : {
          doubt: {
            cause: doubt.cause,
            since: rfc3339(doubt.since),
            egress: doubt.egressId,
            host: doubt.host,
          },
        }),
  };
}

/** One event of `trace --json`. */
export type TraceDocument = Omit<TraceEvent, 'at' | 'elapsedMs'> & {
  readonly at: string;
  readonly elapsed_ms: number | null;
};

export function traceDocument(event: TraceEvent): TraceDocument {
  const { elapsedMs, ...rest } = event;
  return { ...rest, at: rfc3339(event.at), elapsed_ms: elapsedMs === null ? null : rounded(elapsedMs, 10) };
}

/** One event of `events --json`. */
export type EventDocument =
  | (TraceDocument & { readonly kind: 'message'; readonly size_bytes: number | null })
  | {
      readonly kind: 'egress';
      readonly at: string;
      readonly egress: string;
      readonly uplink: string;
      readonly state: string;
      readonly previous: string;
      readonly reason: string;
    }
  | (Omit<Condition, 'kind' | 'since'> & {
      readonly kind: 'condition';
      readonly at: string;
      readonly condition: ConditionKind;
      readonly since: string;
    })
  | (Omit<Extract<GatewayEvent, { kind: 'listener' | 'rejected' | 'warning' | 'notice' }>, 'at'> & {
      readonly at: string;
    });

/** Null for what happens too often and means too little by itself. */
export function eventDocument(event: GatewayEvent): EventDocument | null {
  if (event.kind === 'connect' || event.kind === 'tls') return null;
  if (event.kind === 'condition') {
    const { kind: condition, since, ...rest } = event.condition;
    return { kind: 'condition', at: rfc3339(event.at), condition, since: rfc3339(since), ...rest };
  }
  if (event.kind === 'message') {
    return { kind: 'message', ...traceDocument(event.trace), size_bytes: event.sizeBytes };
  }
  if (event.kind === 'egress') {
    const { kind, id, uplink, state, previous, reason } = event;
    return { kind, at: rfc3339(event.at), egress: id, uplink, state, previous, reason };
  }
  return { ...event, at: rfc3339(event.at) };
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}

export function tenth(value: number | null): number | null {
  return value === null ? null : rounded(value, 10);
}
