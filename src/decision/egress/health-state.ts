import type { Family, UplinkEgress } from './egress.ts';

/** The five words that users see; `degraded` is usable and ordered after every `up` one. */
export type EgressState = 'unknown' | 'up' | 'degraded' | 'down' | 'drained';

/** Does today's identity of this egress stand? Tested by a later issue; `unknown` counts as fit. */
export type Fitness = 'fit' | 'unfit' | 'unknown';

/** What `choose` and the users read of one egress. */
export type EgressView = {
  readonly id: string;
  readonly uplink: string;
  readonly state: EgressState;
  /** Wall milliseconds since the epoch. */
  readonly since: number;
  readonly reason: string;
  readonly fit: Fitness;
  readonly preference: number;
  readonly weight: number;
  /** The egress as it can be bound now; null while its address is not on the host. */
  readonly egress: UplinkEgress | null;
  /** Known even while the address is absent; left out: that of `egress`. */
  readonly family?: Family;
};

/** An immutable picture of all egresses; a new one replaces it at each change. */
export type EgressSnapshot = { readonly version: number; readonly egresses: readonly EgressView[] };
