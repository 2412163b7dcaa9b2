import type { ClientStage } from '../../protocol/smtp/client-session-types.ts';
import type { Reply } from '../../protocol/smtp/reply.ts';

/** Whom a failure is charged to; only the first three can ever bounce a message. */
export type Blame = 'message' | 'recipient' | 'destination' | 'route' | 'egress';

/** How one attempt ended for one recipient, before anybody is blamed. */
export type AttemptEnd =
  /** The far side decided; `stage` tells by the answer to what. */
  | { readonly kind: 'replied'; readonly stage: ClientStage; readonly reply: Reply }
  /** This host cannot take the message at all (its size, its 8-bit content): it was not asked. */
  | { readonly kind: 'unfit_message'; readonly reply: Reply }
  /** The session broke, or was given up, before it had decided. `dotSent`: the far side may have the message. */
  | {
      readonly kind: 'broken';
      readonly stage: ClientStage;
      readonly dotSent: boolean;
      readonly error: string;
    }
  /** No host of the site could be spoken to, though an egress is up. */
  | { readonly kind: 'unreached'; readonly error: string }
  /** DNS gave no next hop for now. */
  | { readonly kind: 'no_next_hop'; readonly error: string }
  /** There is no next hop and there will be none: a null MX, no such domain, only ourselves. */
  | { readonly kind: 'hop_refused'; readonly reply: Reply }
  /**
   * Nothing was tried, or what was said is no answer about the message: no usable egress, a full line, a smart host's own
   * trouble; or its time was over before.
   */
  | { readonly kind: 'not_tried'; readonly error: string };

/** The circumstances by which the same end means different things. */
export type AttemptContext = {
  /** The route was not by the egress that would be chosen were all up: its refusals blame the route. */
  readonly standIn: boolean;
  /** Another recipient of this transaction was taken, so a refusal of one too many is no refusal of it. */
  readonly othersTaken: boolean;
  /** The session had carried mail before, so its end says little of this message. */
  readonly sessionUsed: boolean;
  /** The session was not encrypted: the host did not offer it just now, or it failed. */
  readonly inClear: boolean;
  /** It was a smart host, whose limits are not the receiver's. */
  readonly ofSmartHost: boolean;
  /** One more try within this attempt is allowed. */
  readonly mayTryAgain: boolean;
};

/**
 * What an attempt makes of one recipient. `again`: once more within this attempt, at once.
 * `awaits_preferred`: later, and a refusal for good may only come from the preferred egress.
 * `egress` says what becomes of `lastEgress`: greeted by a 4xx it is kept, for a change restarts greylisting.
 */
export type Outcome =
  | { readonly kind: 'delivered'; readonly reason: string }
  | { readonly kind: 'again'; readonly reason: string }
  | {
      readonly kind: 'deferred';
      readonly blame: Blame;
      readonly reason: string;
      readonly egress: 'keep' | 'unchanged';
      /** False where nothing was tried. */
      readonly counts: boolean;
    }
  | { readonly kind: 'awaits_preferred'; readonly blame: 'route'; readonly reason: string }
  | {
      readonly kind: 'bounced';
      readonly blame: 'message' | 'recipient' | 'destination';
      readonly reason: string;
    }
  | { readonly kind: 'in_doubt'; readonly reason: string };
