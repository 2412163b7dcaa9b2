import type { Candidate, Choice, ChoiceFacts } from './choice.ts';
import type { UplinkEgress } from './egress.ts';
import type { EgressView } from './health-state.ts';
import { rendezvousScore } from './rendezvous.ts';

/** How long a retry stays on the egress that was answered with a 4xx: a change restarts a receiver's greylisting. */
const keepLastMs = 4 * 60 * 60_000;

type Usable = EgressView & { readonly egress: UplinkEgress };

/**
 * Orders the egresses for one delivery attempt; pure and repeatable for a site.
 *
 * Best first: an unpenalised route, a fit identity, `up` (or `unknown`) before `degraded`, the lower preference, and
 * among equals the rendezvous of the receiving site by weight. The egress of the last attempt comes first while it is
 * up and its route is not penalised, for 4 h. `down` and `drained` ones are not used at all.
 * `lastEgress.sinceMs` is how long ago the egress was first answered with a 4xx.
 */
export function chooseEgresses(facts: ChoiceFacts): Choice {
  const family = facts.snapshot.egresses.filter(
    view => (view.family ?? view.egress?.family) === facts.family,
  );
  const ideal = inOrder(family, family, facts.site, () => 0)[0];
  const usable = family.filter(isUsable);
  const ordered = keepLast(
    inOrder(usable, family, facts.site, view => burden(view, facts)),
    facts,
  );
  const candidates = ordered.map(view => candidate(view, ideal, facts));
  const [first, ...rest] = candidates;
  if (first === undefined) return { kind: 'none', reason: whyNone(family, facts) };
  return { kind: 'candidates', candidates: [first, ...rest] };
}

function isUsable(view: EgressView): view is Usable {
  return (
    view.egress !== null && (view.state === 'up' || view.state === 'unknown' || view.state === 'degraded')
  );
}

/** What puts an egress behind others whatever its preference. */
function burden(view: EgressView, facts: ChoiceFacts): number {
  return (
    (facts.penalised.has(view.id) ? 4 : 0) +
    (view.fit === 'unfit' ? 2 : 0) +
    (view.state === 'degraded' ? 1 : 0)
  );
}

/** `family`: all that are configured, for an uplink's share is parted among its addresses whether or not they live. */
function inOrder<View extends EgressView>(
  views: readonly View[],
  family: readonly EgressView[],
  site: string,
  burdenOf: (view: View) => number,
): readonly View[] {
  if (views.length < 2) return views;
  const scored = views.map(view => {
    const siblings = family.filter(other => other.uplink === view.uplink).length;
    return {
      view,
      burden: burdenOf(view),
      score: rendezvousScore(view.id, site, view.weight / siblings),
    };
  });
  scored.sort(
    (one, other) =>
      one.burden - other.burden || one.view.preference - other.view.preference || other.score - one.score,
  );
  return scored.map(({ view }) => view);
}

function keepLast(ordered: readonly Usable[], facts: ChoiceFacts): readonly Usable[] {
  const last = keptLast(ordered, facts);
  return last === undefined ? ordered : [last, ...ordered.filter(view => view !== last)];
}

function keptLast(ordered: readonly Usable[], facts: ChoiceFacts): Usable | undefined {
  const { lastEgress } = facts;
  if (lastEgress === null || lastEgress.sinceMs > keepLastMs) return undefined;
  return ordered.find(
    view =>
      view.id === lastEgress.id &&
      (view.state === 'up' || view.state === 'unknown') &&
      !facts.penalised.has(view.id),
  );
}

function candidate(view: Usable, ideal: EgressView | undefined, facts: ChoiceFacts): Candidate {
  const standIn = ideal !== undefined && ideal.id !== view.id;
  const reason = reasonFor(view, standIn ? ideal : undefined, facts);
  const plain = { egress: view.egress, standIn, reason };
  return facts.penalised.has(view.id) ? { ...plain, penalised: true } : plain;
}

function reasonFor(view: Usable, ideal: EgressView | undefined, facts: ChoiceFacts): string {
  const penalty = facts.penalised.get(view.id);
  if (penalty !== undefined) return `last, because ${penalty}`;
  if (facts.lastEgress?.id === view.id && facts.lastEgress.sinceMs <= keepLastMs && view.state !== 'degraded')
    return 'kept, because the last attempt by it was answered with a 4xx';
  if (ideal === undefined) return `preferred (preference ${view.preference})`;
  const idealPenalty = facts.penalised.get(ideal.id);
  if (idealPenalty !== undefined) return `stand-in for ${ideal.uplink}: ${idealPenalty}`;
  if (ideal.state === 'down' || ideal.state === 'drained' || ideal.state === 'degraded')
    return `stand-in for ${ideal.uplink}, which is ${ideal.state}: ${ideal.reason}`;
  return `stand-in for ${ideal.uplink} (preference ${ideal.preference})`;
}

function whyNone(family: readonly EgressView[], facts: ChoiceFacts): string {
  if (family.length === 0) return `no uplink has an IPv${facts.family} address`;
  const states = family.map(view => `${view.id} is ${view.state}: ${view.reason}`);
  return `no uplink can be used (${states.join('; ')})`;
}
