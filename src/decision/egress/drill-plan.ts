import { type EgressState, type Fitness, isUsableState } from './health-state.ts';

/** What a drill needs to know of one uplink; it is as good as its best egress. */
export type DrillCandidate = {
  readonly name: string;
  readonly preference: number;
  readonly state: EgressState;
  readonly reason: string;
  readonly egresses: readonly { readonly fit: Fitness; readonly fitReason: string }[];
};

export type DrillPlan =
  /** `usual`: who carries the mail otherwise. */
  | { readonly kind: 'drill'; readonly uplink: string; readonly usual: string }
  /** The spare would not carry mail now, and that is the verdict. */
  | { readonly kind: 'harm'; readonly uplink: string; readonly usual: string; readonly reason: string }
  /** A drill makes no sense now; a whole sentence. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Which uplink is drilled, and against which; `name` null: the best of the spare ones. */
export function planDrill(uplinks: readonly DrillCandidate[], name: string | null): DrillPlan {
  const [usual] = uplinks.filter(isUsable).toSorted(byWorth);
  if (name !== null && uplinks.every(uplink => uplink.name !== name))
    return refused(
      `There is no uplink ${name}; the configuration has ${uplinks.map(uplink => uplink.name).join(', ')}.`,
    );
  if (uplinks.length < 2) return refused('There is only one uplink, so there is none to drill beside it.');
  if (usual === undefined) return refused('No uplink can be used now, so there is nothing to compare with.');
  const spare =
    name === null
      ? uplinks.filter(uplink => uplink !== usual && uplink.state !== 'drained').toSorted(byWorth)[0]
      : uplinks.find(uplink => uplink.name === name);
  if (spare === undefined)
    return refused(`Every uplink but ${usual.name} is drained; take one back into use first.`);
  if (spare === usual)
    return refused(`${usual.name} carries the mail already, so there is nothing to try; name the spare one.`);
  if (spare.state === 'drained')
    return refused(
      `${spare.name} is drained (${spare.reason}); "postern uplinks resume ${spare.name}" takes it back into use.`,
    );
  const reason = whyNot(spare);
  return reason === null
    ? { kind: 'drill', uplink: spare.name, usual: usual.name }
    : { kind: 'harm', uplink: spare.name, usual: usual.name, reason };
}

/**
 * Why a scheduled drill of this spare is left out now; null: it may be held. Nobody watches it, so it is more careful than
 * one by hand: mail must have a way beside the one that is tried.
 */
export function whySkipped(uplinks: readonly DrillCandidate[], spare: string): string | null {
  const absent = uplinks.find(uplink => !isUsable(uplink));
  if (absent !== undefined) return `${absent.name} is ${absent.state}: ${absent.reason}.`;
  const plan = planDrill(uplinks, spare);
  return plan.kind === 'drill' ? null : plan.reason;
}

/** The spare whose turn it is: each one after the other, in the order of the configuration. */
export function nextSpare(uplinks: readonly DrillCandidate[], last: string | null): string | null {
  const [usual] = uplinks.toSorted(byPreference);
  const spares = uplinks.filter(uplink => uplink !== usual).map(({ name }) => name);
  const place = last === null ? -1 : spares.indexOf(last);
  return spares[(place + 1) % Math.max(1, spares.length)] ?? null;
}

const refused = (reason: string): DrillPlan => ({ kind: 'refused', reason });

const isUsable = ({ state }: DrillCandidate): boolean => isUsableState(state);

function whyNot(spare: DrillCandidate): string | null {
  if (spare.state === 'down') return `${spare.name} is down: ${spare.reason}.`;
  const unfit = spare.egresses.filter(({ fit }) => fit === 'unfit');
  return unfit.length > 0 && unfit.length === spare.egresses.length
    ? `The identity of ${spare.name} does not stand: ${unfit[0]?.fitReason ?? ''}`
    : null;
}

const rank: Readonly<Record<EgressState, number>> = { up: 0, unknown: 0, degraded: 1, drained: 2, down: 3 };

function byWorth(one: DrillCandidate, other: DrillCandidate): number {
  return (
    Number(isUnfit(one)) - Number(isUnfit(other)) ||
    rank[one.state] - rank[other.state] ||
    byPreference(one, other)
  );
}

const isUnfit = ({ egresses }: DrillCandidate): boolean =>
  egresses.length > 0 && egresses.every(({ fit }) => fit === 'unfit');

const byPreference = (one: DrillCandidate, other: DrillCandidate): number =>
  one.preference - other.preference;
