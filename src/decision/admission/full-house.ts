/** A client that sends less than `quietBytes` in `quietMs` is quiet: an honest dialogue, however far away, sends more. */
export const quietMs = 10_000;
const quietBytes = 256;

/** How much one client says, in windows of at least `quietMs`, looked at only when somebody asks. */
export class Liveliness {
  #markedAt: number;
  #bytes = 0;

  /** `now`: monotonic ms, as everywhere here. */
  constructor(now: number) {
    this.#markedAt = now;
  }

  heard(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Since when it has been quiet; null while it has not, or is too new to tell. */
  quietSince(now: number): number | null {
    if (now - this.#markedAt < quietMs) return null;
    if (this.#bytes < quietBytes) return this.#markedAt;
    this.#markedAt = now;
    this.#bytes = 0;
    return null;
  }
}

/** One open connection, as the choice of who must go sees it. */
export type Guest = {
  readonly ours: boolean;
  /** Connections that its client holds, this one counted. */
  readonly ofItsClient: number;
  /** Null: it is lively. */
  readonly quietSince: number | null;
};

/** Who asks for a place: `ofItsClient` counts what its client holds already. */
export type Newcomer = Pick<Guest, 'ours' | 'ofItsClient'>;

/**
 * Who goes first: strangers before our own networks, whoever holds most before who holds few, the quiet before the
 * lively, the quietest first.
 */
export function byPlaceToGive(one: Guest, other: Guest): number {
  const quiet = (guest: Guest): number => guest.quietSince ?? Number.MAX_SAFE_INTEGER;
  return (
    Number(one.ours) - Number(other.ours) || other.ofItsClient - one.ofItsClient || quiet(one) - quiet(other)
  );
}

/**
 * May this newcomer have that place? A quiet one's where its client holds no less than the newcomer's; a lively one's
 * only where that makes the shares more even. None of our own goes for a stranger.
 */
export function mayTake(newcomer: Newcomer, guest: Guest): boolean {
  if (guest.ours && !newcomer.ours) return false;
  if (guest.quietSince !== null) return guest.ofItsClient >= newcomer.ofItsClient;
  return guest.ofItsClient > newcomer.ofItsClient + 1;
}

/** Strangers may fill the house up to this many; the rest is kept for our own networks. */
export function placesForStrangers(connections: number): number {
  return connections - Math.floor(connections / 10);
}
