import type { ClientLimits } from '../../decision/admission/listener.ts';
import { ClientCounter, type NoPlace } from './client-counter.ts';
import { type Displaceable, Displacement } from './displacement.ts';

/** Beyond these, one that must go is closed without a word. */
const farewellLimit = 200;

/** What the house does with a connection. */
export type Session = {
  readonly engaged: boolean;
  quietSince(now: number): number | null;
  displace(): void;
  shutdown(): void;
  destroy(): void;
};

/** A connection that has a place. */
type Guest = Displaceable & { readonly session: Session; seated: boolean };

/** All open connections and their places, of which there are only so many. */
export class Guests {
  readonly #clients = new ClientCounter();
  readonly #displacement = new Displacement<Guest>();
  readonly #open = new Set<Guest>();
  /** They have given their place, and are not closed yet. */
  #leaving = 0;

  /** Takes a place for a newcomer, which somebody quiet may have to give. Null: taken. `now`: monotonic ms. */
  takePlace(client: string, ours: boolean, limits: ClientLimits, now: number): NoPlace | null {
    const first = this.#clients.enter(client, ours, limits);
    if (first !== 'full') return first;
    const heldBy = (address: string): number => this.#clients.of(address);
    const newcomer = { ours, ofItsClient: heldBy(client) };
    const room = this.#displacement.makeRoom(this.#open, heldBy, newcomer, now);
    return room ? this.#clients.enter(client, ours, limits) : 'full';
  }

  /** The connection for which a place was taken. Gives what must be called when it is closed. */
  seat(client: string, ours: boolean, session: Session): () => void {
    const guest: Guest = {
      client,
      ours,
      session,
      seated: true,
      get engaged() {
        return !guest.seated || session.engaged;
      },
      quietSince: now => session.quietSince(now),
      displace: () => this.#displace(guest),
    };
    this.#open.add(guest);
    return () => {
      this.#open.delete(guest);
      if (guest.seated) this.#leave(guest);
      else this.#leaving -= 1;
    };
  }

  get size(): number {
    return this.#open.size;
  }

  shutdown(): void {
    for (const { session } of this.#open) session.shutdown();
  }

  destroy(): void {
    for (const { session } of this.#open) session.destroy();
  }

  #displace(guest: Guest): void {
    this.#leave(guest);
    this.#leaving += 1;
    if (this.#leaving > farewellLimit) guest.session.destroy();
    else guest.session.displace();
  }

  #leave(guest: Guest): void {
    guest.seated = false;
    this.#clients.leave(guest.client, guest.ours);
  }
}
