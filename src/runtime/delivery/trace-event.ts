import type { Candidate } from '../../decision/egress/choice.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import { type GatewayEvent, messageEvent, type TraceEvent } from '../events.ts';

/** The way that an attempt took; `tls` where it came so far: protocol and cipher, null for clear text. */
export type RouteTaken = {
  readonly candidate: Candidate;
  readonly to: HostAddress;
  readonly tls?: string | null;
};

type Told = Partial<Pick<TraceEvent, 'reply' | 'blame' | 'reason' | 'elapsedMs'>>;

/** One event in the life of one recipient; `route` null where none was taken. */
export function recipientEvent(
  at: number,
  { message, recipient }: LeasedRecipient,
  event: TraceEvent['event'],
  route: RouteTaken | null,
  told: Told,
): GatewayEvent {
  const egress = route?.candidate.egress;
  const uplink = egress?.kind === 'uplink' ? egress : null;
  const { id, sizeBytes, reversePath: sender } = message;
  return messageEvent(
    sizeBytes,
    { at, id, recipient: recipient.forwardPath, sender, event },
    {
      uplink: uplink?.uplink ?? null,
      source: uplink?.source ?? null,
      ehlo: egress?.ehlo ?? null,
      host: route?.to.host ?? null,
      address: route?.to.address ?? null,
      tls: route?.tls ?? null,
      ...told,
    },
  );
}
