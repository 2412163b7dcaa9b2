import type { Family, UplinkEgress, WhenUnfit } from './egress.ts';

/** The five words that users see; `degraded` is usable and ordered after every `up` one. */
export type EgressState = 'unknown' | 'up' | 'degraded' | 'down' | 'drained';

/** New mail may leave by an egress in this state. */
export const isUsableState = (state: EgressState): boolean => state !== 'down' && state !== 'drained';

/** Does today's identity of this egress stand: PTR, forward match, EHLO name? `unknown` counts as fit. */
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
  readonly family: Family;
  /** Why it is unfit; left out where it is not. */
  readonly unfitReason?: string;
  /** Left out: `last`. */
  readonly whenUnfit?: WhenUnfit;
  /** Its mail goes through a smart host: never raced, and no evidence about another. */
  readonly viaSmartHost?: true;
  /** As in the configuration; left out: 0. */
  readonly warmShare?: number;
};

/** An immutable picture of all egresses; a new one replaces it at each change. */
export type EgressSnapshot = { readonly version: number; readonly egresses: readonly EgressView[] };
