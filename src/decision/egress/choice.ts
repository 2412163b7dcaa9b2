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
  /** The only uplinks that may be used, by the operator's route; left out or null: all. */
  readonly onlyUplinks?: readonly string[] | null;
  /** How uplinks are taken whose mail goes through a smart host; left out: `through`. */
  readonly smartHosts?: SmartHostUse;
  /** This uplink carries the message though a better one is up, if it is sound: its share, or a drill. */
  readonly favoured?: Favour | null;
};

/**
 * `through`: the smart host is the way by such an uplink, whatever family the receiver has. `past`: the host that is
 * called is a smart host itself, so such an uplink is a way like another. `avoid`: mail of our own domains, which a
 * smart host would send back to us; such an uplink is used, past its smart host, only where the configuration has
 * nothing else.
 */
export type SmartHostUse = 'through' | 'past' | 'avoid';

/** An uplink that is to be used for once, and why, as the end of a sentence. */
export type Favour = { readonly uplink: string; readonly reason: string };

/** One egress to try, in order, with the reason that the trace will show. */
export type Candidate = {
  readonly egress: Egress;
  readonly reason: string;
  /** True where this is not the egress that would be chosen were all up: its refusals blame the route. */
  readonly standIn: boolean;
  /** Its route to the host is penalised: not to be tried because another egress is only slow. */
  readonly penalised?: true;
  /** Not straight to the receiver: to the smart host of its uplink. Always the only candidate. */
  readonly throughSmartHost?: true;
  /** It is its share, or a drill: a better one is up, and comes after it. */
  readonly favoured?: true;
};

/** The verdict: whom to try, or why nobody can be. */
export type Choice =
  | { readonly kind: 'candidates'; readonly candidates: readonly [Candidate, ...Candidate[]] }
  | { readonly kind: 'none'; readonly reason: string };
