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
const lookMs = 500;

/** When the house is full, a newcomer takes the place of somebody who is quiet, or whose client holds too many. */
export class Displacement<Connection extends Displaceable> {
  /** Strangers and our own, the quiet and the lively apart: a newcomer may often have the one only. */
  #lines: readonly Line<Connection>[] = [];
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
    if (now - this.#lookedAt >= lookMs) {
      this.#lookedAt = now;
      this.#lines = linesOf(open, asGuest);
    }
    const firsts = this.#lines.flatMap(line => line.first(asGuest) ?? []);
    const chosen = firsts
      .sort((one, other) => byPlaceToGive(one.guest, other.guest))
      .find(({ guest }) => mayTake(newcomer, guest));
    chosen?.connection.displace();
    return chosen !== undefined;
  }
}

/** A connection and how it stands now. */
type Seen<Connection> = { readonly connection: Connection; readonly guest: Guest };

function linesOf<Connection extends Displaceable>(
  open: Iterable<Connection>,
  asGuest: (connection: Connection) => Guest,
): readonly Line<Connection>[] {
  const all = Array.from(open, connection => ({ connection, guest: asGuest(connection) }));
  const free = all.filter(({ connection }) => !connection.engaged);
  return [false, true].flatMap(ours =>
    [true, false].map(quiet => {
      const those = free.filter(({ guest }) => guest.ours === ours && isQuiet(guest) === quiet);
      return new Line(those, quiet);
    }),
  );
}

/**
 * Connections of one kind in the order in which they go: of the client that holds most, the quietest first. What a
 * client holds shrinks while the line is used, and so it steps back behind those that now hold more.
 */
class Line<Connection extends Displaceable> {
  readonly #quiet: boolean;
  /** By how many its client held when it was put there: the connections of each client, the first to go last. */
  readonly #byHeld: Connection[][][] = [];

  constructor(members: readonly Seen<Connection>[], quiet: boolean) {
    this.#quiet = quiet;
    for (const own of Map.groupBy(members, ({ connection }) => connection.client).values()) {
      const order = own.sort((one, other) => byPlaceToGive(other.guest, one.guest));
      this.#put(
        order.map(({ connection }) => connection),
        own[0]?.guest.ofItsClient ?? 0,
      );
    }
  }

  /** The first to go, as all stands now. It leaves the line when it has gone. */
  first(asGuest: (connection: Connection) => Guest): Seen<Connection> | null {
    for (let clients = this.#byHeld.at(-1); clients !== undefined; clients = this.#byHeld.at(-1)) {
      const own = clients.at(-1);
      const connection = own?.at(-1);
      if (own === undefined) this.#byHeld.pop();
      else if (connection === undefined) clients.pop();
      else if (connection.engaged) own.pop();
      else {
        const guest = asGuest(connection);
        if (isQuiet(guest) !== this.#quiet) own.pop();
        else if (guest.ofItsClient >= this.#byHeld.length - 1) return { connection, guest };
        else {
          clients.pop();
          this.#put(own, guest.ofItsClient);
        }
      }
    }
    return null;
  }

  #put(own: Connection[], held: number): void {
    while (this.#byHeld.length <= held) this.#byHeld.push([]);
    this.#byHeld[held]?.push(own);
  }
}

const isQuiet = ({ quietSince }: Guest): boolean => quietSince !== null;
