import { type EgressView, isUsableState } from '../egress/health-state.ts';

/** An uplink that has a transport in Postfix, with its egresses as they are now. */
export type TransportView = {
  readonly uplink: string;
  readonly transport: string;
  /** Lower first. */
  readonly preference: number;
  readonly egresses: readonly EgressView[];
};

/**
 * `keep`: as it is. `switch`: default_transport is to name `to`. `foreign`: default_transport is nothing of ours, so it is
 * the operator's and left alone. `none`: no uplink can be used, so nothing is touched. Each with its reason, a sentence.
 */
export type TransportChoice =
  | { readonly kind: 'keep'; readonly reason: string }
  | { readonly kind: 'switch'; readonly to: string; readonly reason: string }
  | { readonly kind: 'foreign'; readonly reason: string }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * Which transport mail to the world is to take. The one in use is left when it cannot be used, or when a better one is
 * surely up, proof included: an uplink of which nothing is known yet is never a reason to leave one that works.
 */
export function chooseTransport(current: string, views: readonly TransportView[]): TransportChoice {
  const inUse = views.find(({ transport }) => transport === current);
  if (inUse === undefined)
    return {
      kind: 'foreign',
      reason: `default_transport is ${current}, which is no transport of an uplink: it is left as it is.`,
    };
  const usable = views
    .filter(view => rankOf(view) !== null)
    .toSorted((one, other) => compare(one, other, current));
  const [best] = usable;
  if (best === undefined)
    return {
      kind: 'none',
      reason: `No uplink can be used (${views.map(told).join('; ')}): nothing is touched, mail waits in Postfix, and default_transport stays ${current}.`,
    };
  if (best === inUse) return { kind: 'keep', reason: `${told(inUse)}.` };
  const rank = rankOf(inUse);
  if (rank === null) return { kind: 'switch', to: best.transport, reason: `${told(inUse)}.` };
  if (!isProven(best)) return { kind: 'keep', reason: `${told(best)}, so it is not taken yet.` };
  return {
    kind: 'switch',
    to: best.transport,
    reason:
      rank > (rankOf(best) ?? 0)
        ? `${told(inUse)}, and ${told(best)}.`
        : `${told(best)}, and it is preferred (${best.preference} before ${inUse.preference}).`,
  };
}

/**
 * Lower is better; null: not to be used. An uplink of which one address is dead comes after one that is whole, and one
 * whose identity does not stand after all others.
 */
function rankOf({ egresses }: TransportView): number | null {
  const usable = egresses.filter(isUsable);
  if (usable.length === 0) return null;
  const isPartial = usable.length < egresses.length;
  const isUnfit = usable.some(({ fit, whenUnfit }) => fit === 'unfit' && whenUnfit !== 'use');
  const isDegraded = usable.some(({ state }) => state === 'degraded');
  return (isUnfit ? 4 : 0) + (isPartial ? 2 : 0) + (isDegraded ? 1 : 0);
}

function isUsable({ state, fit, whenUnfit }: EgressView): boolean {
  return isUsableState(state) && !(fit === 'unfit' && whenUnfit === 'hold');
}

const isProven = ({ egresses }: TransportView): boolean =>
  egresses.some(egress => egress.state === 'up' && isUsable(egress));

function compare(one: TransportView, other: TransportView, current: string): number {
  const byRank = (rankOf(one) ?? 0) - (rankOf(other) ?? 0);
  if (byRank !== 0) return byRank;
  if (one.preference !== other.preference) return one.preference - other.preference;
  return Number(other.transport === current) - Number(one.transport === current);
}

function told({ uplink, egresses }: TransportView): string {
  const order = { down: 0, drained: 1, degraded: 2, unknown: 3, up: 4 };
  const unfit = egresses.find(({ fit }) => fit === 'unfit');
  const worst = egresses.toSorted((one, other) => order[one.state] - order[other.state])[0];
  if (worst === undefined) return `${uplink} has no address`;
  if (unfit !== undefined && worst.state !== 'down')
    return `${uplink} is unfit: ${unfit.unfitReason ?? unfit.reason}`;
  return `${uplink} is ${worst.state}: ${worst.reason}`.replace(/[.\s]+$/, '');
}
