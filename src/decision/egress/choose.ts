import type { Candidate, Choice, ChoiceFacts } from './choice.ts';
import type { UplinkEgress } from './egress.ts';
import { type EgressView, isUsableState } from './health-state.ts';
import { rendezvousScore } from './rendezvous.ts';

/** How long a retry stays on the egress that was answered with a 4xx: a change restarts a receiver's greylisting. */
const keepLastMs = 4 * 60 * 60_000;

type Usable = EgressView & { readonly egress: UplinkEgress };

/**
 * Orders the egresses for one delivery attempt; pure and repeatable for a site.
 *
 * Best first: an unpenalised route, a fit identity, `up` (or `unknown`) before `degraded`, the lower preference, and
 * among equals the rendezvous of the receiving site by weight. The egress of the last attempt comes first while it is
 * up, fit and its route is not penalised, for 4 h. `down` and `drained` ones are not used at all, nor is one whose
 * identity does not stand where `when_unfit` is `hold`; with `use` its identity does not count.
 * One whose mail goes through a smart host is used alone where it is the best, and never beside or after another.
 * A favoured uplink comes first, if it is up, fit and not penalised.
 * `lastEgress.sinceMs` is how long ago the egress was first answered with a 4xx.
 */
export function chooseEgresses(facts: ChoiceFacts): Choice {
  const considered = consideredFor(facts);
  const ideal = inOrder(considered, considered, facts.site, () => 0)[0];
  const usable = considered.filter(isUsable);
  const ordered = keepLast(
    inOrder(usable, considered, facts.site, view => burden(view, facts)),
    facts,
  );
  const favoured = favouredOf(ordered, facts);
  const raced = withoutRace(
    favoured === null ? ordered : [favoured, ...ordered.filter(view => view !== favoured)],
  );
  const [first, ...rest] = raced.map(view => candidate(view, ideal, facts, view === favoured));
  if (first === undefined) return { kind: 'none', reason: whyNone(considered, facts) };
  return { kind: 'candidates', candidates: [first, ...rest] };
}

/** Those that could carry it, were all in order. */
function consideredFor(facts: ChoiceFacts): readonly EgressView[] {
  const { snapshot, family, onlyUplinks = null, smartHosts = 'through' } = facts;
  const allowed =
    onlyUplinks === null
      ? snapshot.egresses
      : snapshot.egresses.filter(view => onlyUplinks.includes(view.uplink));
  const ofFamily = allowed.filter(
    view => (smartHosts === 'through' && view.viaSmartHost === true) || view.family === family,
  );
  if (smartHosts !== 'avoid') return ofFamily;
  const straight = ofFamily.filter(view => view.viaSmartHost !== true);
  return straight.length > 0 ? straight : ofFamily;
}

function isUsable(view: EgressView): view is Usable {
  if (view.egress === null || (view.whenUnfit === 'hold' && view.fit === 'unfit')) return false;
  return isUsableState(view.state);
}

const isUnfit = (view: EgressView): boolean => view.fit === 'unfit' && view.whenUnfit !== 'use';

/** What puts an egress behind others whatever its preference. */
function burden(view: EgressView, facts: ChoiceFacts): number {
  return (
    (facts.penalised.has(view.id) ? 4 : 0) + (isUnfit(view) ? 2 : 0) + (view.state === 'degraded' ? 1 : 0)
  );
}

/** `all`: all that are configured, for an uplink's share is parted among its addresses whether or not they live. */
function inOrder<View extends EgressView>(
  views: readonly View[],
  all: readonly EgressView[],
  site: string,
  burdenOf: (view: View) => number,
): readonly View[] {
  if (views.length < 2) return views;
  const scored = views.map(view => {
    const siblings = all.filter(other => other.uplink === view.uplink).length;
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
  const last = ordered.find(view => isKept(view, facts));
  return last === undefined ? ordered : [last, ...ordered.filter(view => view !== last)];
}

/** A smart host does not greylist us for our address: it is left as soon as something better is back. */
function isKept(view: Usable, facts: ChoiceFacts): boolean {
  const { lastEgress, penalised } = facts;
  if (lastEgress === null || lastEgress.sinceMs > keepLastMs || view.id !== lastEgress.id) return false;
  if (isThroughSmartHost(view, facts) || isUnfit(view) || penalised.has(view.id)) return false;
  return view.state === 'up' || view.state === 'unknown';
}

const isThroughSmartHost = (view: EgressView, { smartHosts = 'through' }: ChoiceFacts): boolean =>
  smartHosts === 'through' && view.viaSmartHost === true;

function favouredOf(ordered: readonly Usable[], { favoured = null, penalised }: ChoiceFacts): Usable | null {
  if (favoured === null || ordered[0]?.uplink === favoured.uplink) return null;
  const sound = ({ uplink, state, fit, id }: Usable): boolean =>
    uplink === favoured.uplink && state === 'up' && fit !== 'unfit' && !penalised.has(id);
  return ordered.find(sound) ?? null;
}

/** What a smart host answers, or does not, says nothing of another way: it is no part of a race. */
function withoutRace(ordered: readonly Usable[]): readonly Usable[] {
  const [first] = ordered;
  if (first?.viaSmartHost === true) return [first];
  return ordered.some(view => view.viaSmartHost === true)
    ? ordered.filter(view => view.viaSmartHost !== true)
    : ordered;
}

function candidate(
  view: Usable,
  ideal: EgressView | undefined,
  facts: ChoiceFacts,
  isFavoured: boolean,
): Candidate {
  const standIn = ideal !== undefined && ideal.id !== view.id;
  const why =
    isFavoured && facts.favoured
      ? `${view.uplink}, ${facts.favoured.reason}`
      : reasonFor(view, standIn ? ideal : undefined, facts);
  const through = isThroughSmartHost(view, facts);
  return {
    egress: view.egress,
    standIn,
    reason: through ? `${why}; through its smart host` : why,
    ...(facts.penalised.has(view.id) ? { penalised: true } : {}),
    ...(through ? { throughSmartHost: true } : {}),
    ...(isFavoured ? { favoured: true } : {}),
  };
}

function reasonFor(view: Usable, ideal: EgressView | undefined, facts: ChoiceFacts): string {
  const penalty = facts.penalised.get(view.id);
  if (penalty !== undefined) return `last, because ${penalty}`;
  if (isKept(view, facts)) return 'kept, because the last attempt by it was answered with a 4xx';
  const own = isUnfit(view) ? `; its identity does not stand: ${view.unfitReason ?? 'unfit'}` : '';
  if (ideal === undefined) return `preferred (preference ${view.preference})${own}`;
  return `stand-in for ${ideal.uplink}${whyNotIdeal(ideal, facts)}${own}`;
}

function whyNotIdeal(ideal: EgressView, facts: ChoiceFacts): string {
  const penalty = facts.penalised.get(ideal.id);
  if (penalty !== undefined) return `: ${penalty}`;
  if (ideal.state === 'down' || ideal.state === 'drained' || ideal.state === 'degraded')
    return `, which is ${ideal.state}: ${ideal.reason}`;
  if (isUnfit(ideal)) return `, whose identity does not stand: ${ideal.unfitReason ?? 'unfit'}`;
  return ` (preference ${ideal.preference})`;
}

function whyNone(considered: readonly EgressView[], { family, onlyUplinks = null }: ChoiceFacts): string {
  const route = onlyUplinks === null ? '' : ` of its route (${onlyUplinks.join(', ')})`;
  if (considered.length === 0) return `no uplink${route} has an IPv${family} address`;
  const states = considered.map(view => {
    if (view.state === 'down' || view.state === 'drained' || view.egress === null)
      return `${view.id} is ${view.state}: ${view.reason}`;
    return `${view.id} is held, for its identity does not stand: ${view.unfitReason ?? 'unfit'}`;
  });
  return `no uplink${route} can be used (${states.join('; ')})`;
}
