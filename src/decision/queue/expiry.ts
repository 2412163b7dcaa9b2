import { domainOf } from '../../protocol/smtp/address.ts';
import type { DomainSetting } from '../admission/domain.ts';
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

/** How long mail for a recipient is kept, in ms, where its domain has a time of its own; null: as long as the queue keeps mail. */
export function expireMsByDomain(
  domains: readonly Pick<DomainSetting, 'name' | 'expireMs'>[],
): (forwardPath: string) => number | null {
  const own = new Map(domains.flatMap(({ name, expireMs }) => (expireMs === null ? [] : [[name, expireMs]])));
  return own.size === 0 ? () => null : forwardPath => own.get(domainOf(forwardPath)) ?? null;
}
