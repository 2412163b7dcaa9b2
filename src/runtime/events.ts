import type { EgressState } from '../decision/egress/health-state.ts';
import type { NetworkErrorKind } from '../decision/egress/observation.ts';
import type { Condition } from '../decision/notice/condition.ts';
import type { Blame } from '../decision/queue/attempt.ts';
import type { MessageId } from '../decision/queue/queued.ts';
import type { TlsFacts } from '../protocol/tls/tls-facts.ts';

/** One event in the life of a message, as `trace --json` prints it (there `at` is RFC 3339). Fields that do not apply are null. */
export type TraceEvent = {
  /** Wall ms. */
  readonly at: number;
  readonly id: MessageId;
  readonly recipient: string | null;
  readonly sender: string;
  readonly event:
    | 'accepted'
    | 'attempt'
    | 'hedged'
    | 'delivered'
    | 'deferred'
    | 'in_doubt'
    | 'held'
    | 'bounced'
    | 'expired'
    | 'removed';
  readonly uplink: string | null;
  readonly source: string | null;
  readonly ehlo: string | null;
  readonly host: string | null;
  readonly address: string | null;
  readonly reply: string | null;
  readonly tls: string | null;
  readonly blame: Blame | null;
  readonly reason: string | null;
  readonly elapsedMs: number | null;
};

/** Which message and recipient an event is of, and what it is. */
type TraceSubject = Pick<TraceEvent, 'at' | 'id' | 'recipient' | 'sender' | 'event'>;

/** What was turned away of a client: itself, one of its recipients, or a message. */
export type Rejected = 'client' | 'recipient' | 'message';

/** All that happens. Log, trace, metrics, notices and `events --follow` only subscribe. */
export type GatewayEvent =
  | { readonly kind: 'message'; readonly trace: TraceEvent; readonly sizeBytes: number | null }
  | {
      readonly kind: 'egress';
      readonly at: number;
      readonly id: string;
      readonly uplink: string;
      readonly state: EgressState;
      readonly previous: EgressState;
      readonly reason: string;
    }
  | {
      readonly kind: 'connect';
      readonly egressId: string;
      readonly site: string;
      readonly connectMs: number | null;
      readonly error: NetworkErrorKind | null;
      readonly hedge: boolean;
      readonly probe: boolean;
    }
  | {
      readonly kind: 'listener';
      readonly at: number;
      readonly address: string;
      readonly state: 'listening' | 'absent' | 'failed' | 'closed';
      readonly reason: string;
    }
  | {
      readonly kind: 'rejected';
      readonly at: number;
      readonly what: Rejected;
      readonly listener: string;
      readonly client: string;
      readonly reason: string;
    }
  /** A condition that an operator is told of began, changed or ended. */
  | { readonly kind: 'condition'; readonly at: number; readonly condition: Condition }
  /** A handshake, inward or outward. */
  | {
      readonly kind: 'tls';
      readonly at: number;
      readonly side: 'client' | 'server';
      /** The receiving site, or the listener. */
      readonly with: string;
      readonly facts: TlsFacts | null;
      /** Why there is none, where it failed. */
      readonly error: string | null;
    }
  /** Something an operator should read; a whole sentence that says what to do. `subject` groups repeats. */
  | { readonly kind: 'warning'; readonly at: number; readonly subject: string; readonly message: string }
  | { readonly kind: 'notice'; readonly at: number; readonly subject: string; readonly message: string };

/** The one stream of events. A subscriber must not throw: what it throws reaches whoever emits. */
export class EventStream {
  #subscribers: ((event: GatewayEvent) => void)[] = [];

  emit(event: GatewayEvent): void {
    for (const subscriber of this.#subscribers) subscriber(event);
  }

  subscribe(subscriber: (event: GatewayEvent) => void): () => void {
    this.#subscribers.push(subscriber);
    return () => {
      this.#subscribers = this.#subscribers.filter(other => other !== subscriber);
    };
  }
}

/** An event in the life of a message; what is not told is null. */
export function messageEvent(
  sizeBytes: number | null,
  subject: TraceSubject,
  told: Partial<Omit<TraceEvent, keyof TraceSubject>>,
): GatewayEvent {
  return {
    kind: 'message',
    sizeBytes,
    trace: {
      at: subject.at,
      id: subject.id,
      recipient: subject.recipient,
      sender: subject.sender,
      event: subject.event,
      uplink: told.uplink ?? null,
      source: told.source ?? null,
      ehlo: told.ehlo ?? null,
      host: told.host ?? null,
      address: told.address ?? null,
      reply: told.reply ?? null,
      tls: told.tls ?? null,
      blame: told.blame ?? null,
      reason: told.reason ?? null,
      elapsedMs: told.elapsedMs ?? null,
    },
  };
}
