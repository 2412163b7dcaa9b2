/** What an operator is told of, once when it begins and once when it ends. */
export type ConditionKind =
  /** An uplink's state. */
  | 'uplink'
  /** No uplink can be used. */
  | 'all_uplinks'
  /** The PTR, forward match or EHLO name of an egress does not stand. */
  | 'identity'
  /** Mail has waited long. */
  | 'queue'
  /** A certificate ends soon, lacks a name, or cannot be read. */
  | 'certificate'
  /** A recipients file cannot be read, or a store takes every recipient. */
  | 'recipients'
  /** The primary of a backup domain is away. */
  | 'primary'
  /** The disk of the queue. */
  | 'disk'
  /** The trace was damaged. */
  | 'trace'
  /** A drill and its verdict. */
  | 'drill'
  /** `postern notify test`. */
  | 'test';

/** One change of a condition. Times are wall ms. */
export type Condition = {
  readonly kind: ConditionKind;
  /** What it is about: an uplink, an egress, a listener, a domain; '' where there is only one such thing. */
  readonly subject: string;
  /** The uplink that it concerns; null where none. */
  readonly uplink: string | null;
  /**
   * Of an uplink its state; of an identity `unfit` and `fit`; of a drill its verdict or `skipped`; for the others `trouble` and
   * `over`, of a certificate also `expired` and `unreadable`, of the disk also `low` and `slow`, of a test `test`.
   */
  readonly state: string;
  readonly previous: string;
  readonly since: number;
  /** Whole sentences: what is so, why, and what to do. */
  readonly reason: string;
};
