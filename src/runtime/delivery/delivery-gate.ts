import type { LeasedRecipient } from '../../decision/queue/queued.ts';

/** Keeps mail back, without an attempt, for a site that is known to be away. */
export interface DeliveryGate {
  /** Null: attempt it now. Else it waits in the store until `until` (wall ms), or until somebody fetches it. */
  holds(site: string, leased: LeasedRecipient): { readonly until: number; readonly reason: string } | null;
}
