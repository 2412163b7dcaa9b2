import type { Favour, SmartHostUse } from '../../decision/egress/choice.ts';
import { needsPreferredEgress } from '../../decision/queue/outcome.ts';
import type { LeasedRecipient } from '../../decision/queue/queued.ts';

/** What jobs have in common that may share a session: by which egresses they may leave. `key` tells lanes apart. */
export type Lane = {
  readonly key: string;
  readonly lastEgress: { readonly id: string; readonly since: number } | null;
  /** A stand-in was refused for good: only the preferred egress may ask again. */
  readonly preferredOnly: boolean;
  /** The only uplinks: those of the operator's route, or the one whose smart host the site is; null: all. */
  readonly onlyUplinks: readonly string[] | null;
  readonly smartHosts: SmartHostUse;
  /** Why this way was chosen before others, and whether it stands in for a better one; null: the egresses tell. */
  readonly way: { readonly reason: string; readonly standIn: boolean } | null;
  /** An uplink that carries this although a better one is up. */
  readonly favoured: Favour | null;
  /** The lane of the same way without anything of earlier attempts, or of shares; left out: it is itself that. */
  readonly base?: Lane;
};

/** Recipients that were put off at about the same time share a lane, for a busy site may put off thousands. */
const laneMs = 10 * 60_000;

/** No reason for anything but the usual choice. */
export const plainLane: Lane = {
  key: '',
  lastEgress: null,
  preferredOnly: false,
  onlyUplinks: null,
  smartHosts: 'through',
  way: null,
  favoured: null,
};

/** What the attempts of a recipient so far make of its lane; most are in the plain one. */
export function laneOf({ recipient }: LeasedRecipient, base: Lane = plainLane): Lane {
  if (needsPreferredEgress(recipient.lastReply))
    return { ...base, key: `${base.key}!`, preferredOnly: true, base };
  if (recipient.lastEgress === null) return base;
  const { id } = recipient.lastEgress;
  const since = Math.floor(recipient.lastEgress.since / laneMs) * laneMs;
  return { ...base, key: `${base.key}${id} ${since}`, lastEgress: { id, since }, base };
}

export const withoutPast = (lane: Lane): Lane => lane.base ?? lane;
