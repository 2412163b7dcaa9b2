import { byPlaceToGive, type Guest, mayTake, type Newcomer } from '../../decision/admission/full-house.ts';

/** An open connection that may have to go. */
export type Displaceable = {
  readonly client: string;
  readonly ours: boolean;
  /** It waits for our answer, or is on its way out. */
  readonly engaged: boolean;
  /** Monotonic ms; null: it is lively. */
  quietSince(now: number): number | null;
  /** Told to go, and gone from the count when this returns. */
  displace(): void;
};

/** All connections are looked over at most this often, however many newcomers ask. */
const lookMs = 100;

/** When the house is full, a newcomer takes the place of somebody who is quiet, or whose client holds too many. */
export class Displacement<Connection extends Displaceable> {
  /** The first to go stands last. The quiet and the lively apart, for a newcomer may often have the one only. */
  #quiet: Connection[] = [];
  #lively: Connection[] = [];
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** One connection fewer, if one may go for this newcomer. `heldBy`: connections of a client's address now. */
  makeRoom(
    open: Iterable<Connection>,
    heldBy: (client: string) => number,
    newcomer: Newcomer,
    now: number,
  ): boolean {
    const asGuest = (connection: Connection): Guest => ({
      ours: connection.ours,
      ofItsClient: heldBy(connection.client),
      quietSince: connection.quietSince(now),
    });
    if (now - this.#lookedAt >= lookMs) this.#look(open, asGuest, now);
    const quiet = this.#next(this.#quiet, asGuest, true);
    const lively = this.#next(this.#lively, asGuest, false);
    const [first, second] =
      quiet !== null && lively !== null && byPlaceToGive(lively, quiet) < 0
        ? [lively, quiet]
        : [quiet, lively];
    for (const guest of [first, second]) {
      if (guest === null || !mayTake(newcomer, guest)) continue;
      (guest === quiet ? this.#quiet : this.#lively).pop()?.displace();
      return true;
    }
    return false;
  }

  #look(open: Iterable<Connection>, asGuest: (connection: Connection) => Guest, now: number): void {
    this.#lookedAt = now;
    const guests = Array.from(open, connection => ({ connection, guest: asGuest(connection) }))
      .filter(({ connection }) => !connection.engaged)
      .sort((one, other) => byPlaceToGive(other.guest, one.guest));
    const those = (quiet: boolean): Connection[] =>
      guests.filter(({ guest }) => (guest.quietSince !== null) === quiet).map(({ connection }) => connection);
    this.#quiet = those(true);
    this.#lively = those(false);
  }

  /** The first to go that is still what it was when it was looked at. */
  #next(line: Connection[], asGuest: (connection: Connection) => Guest, quiet: boolean): Guest | null {
    for (let last = line.at(-1); last !== undefined; last = line.at(-1)) {
      const guest = asGuest(last);
      if (!last.engaged && (guest.quietSince !== null) === quiet) return guest;
      line.pop();
    }
    return null;
  }
}
