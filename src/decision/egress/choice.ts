import type { Egress, Family } from './egress.ts';
import type { EgressSnapshot } from './health-state.ts';

/** What `chooseEgresses` needs to know of one delivery attempt. */
export type ChoiceFacts = {
  readonly snapshot: EgressSnapshot;
  /** The receiving site, for rendezvous hashing among equal preferences. */
  readonly site: string;
  readonly family: Family;
  /** The egress of the last attempt that was answered with a 4xx, kept while it is up (greylisting), 4 h at most. */
  readonly lastEgress: { readonly id: string; readonly sinceMs: number } | null;
  /** Penalised routes to this host: egress ids that are to come last, with the reason. */
  readonly penalised: ReadonlyMap<string, string>;
};

/** One egress to try, in order, with the reason that the trace will show. */
export type Candidate = {
  readonly egress: Egress;
  readonly reason: string;
  /** True where this is not the egress that would be chosen were all up: its refusals blame the route. */
  readonly standIn: boolean;
  /** Its route to the host is penalised: not to be tried because another egress is only slow. */
  readonly penalised?: true;
};

/** The verdict: whom to try, or why nobody can be. */
export type Choice =
  | { readonly kind: 'candidates'; readonly candidates: readonly [Candidate, ...Candidate[]] }
  | { readonly kind: 'none'; readonly reason: string };
