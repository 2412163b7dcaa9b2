import type { Outage } from './queued.ts';

/**
 * When a message is given back (wall ms): `expireMs` after it was received, not counting the time in which no uplink
 * was up, and never later than twice `expireMs` after it was received. An outage that lasts counts up to `now`,
 * so the answer holds for `now` only: the message has expired where it is not after `now`.
 * `outages` are in order of time.
 */
export function expiresAt(
  receivedAt: number,
  expireMs: number,
  outages: readonly Outage[],
  now: number,
): number {
  let expiry = receivedAt + expireMs;
  let counted = receivedAt;
  for (const outage of outages) {
    const from = Math.max(outage.from, counted);
    const to = outage.to ?? now;
    if (from >= expiry) break;
    if (to <= from) continue;
    expiry += to - from;
    counted = to;
  }
  return Math.min(expiry, receivedAt + 2 * expireMs);
}
