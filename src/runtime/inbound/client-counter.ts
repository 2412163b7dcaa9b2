import { clientKey } from '../../decision/admission/client-networks.ts';
import { placesForStrangers } from '../../decision/admission/full-house.ts';
import type { ClientLimits } from '../../decision/admission/listener.ts';

/** Why there is no place: this client has its share, or nobody may come until somebody goes. */
export type NoPlace = 'too many of one client' | 'full';

/** Counts open connections, in all, of strangers and for each client, and says when one is too many. */
export class ClientCounter {
  #total = 0;
  #strangers = 0;
  readonly #byClient = new Map<string, number>();

  /**
   * Takes a place for `address`, and gives null; else why not. `ours`, a client of our own networks, is bounded by the
   * total only, and has places that no stranger takes.
   */
  enter(
    address: string,
    ours: boolean,
    limits: Pick<ClientLimits, 'connections' | 'perClient'>,
  ): NoPlace | null {
    if (!ours && this.of(address) >= limits.perClient) return 'too many of one client';
    const full = ours
      ? this.#total >= limits.connections
      : this.#strangers >= placesForStrangers(limits.connections) || this.#total >= limits.connections;
    if (full) return 'full';
    const key = clientKey(address);
    this.#total += 1;
    if (!ours) this.#strangers += 1;
    this.#byClient.set(key, this.of(address) + 1);
    return null;
  }

  leave(address: string, ours: boolean): void {
    const key = clientKey(address);
    const mine = (this.#byClient.get(key) ?? 1) - 1;
    this.#total -= 1;
    if (!ours) this.#strangers -= 1;
    if (mine > 0) this.#byClient.set(key, mine);
    else this.#byClient.delete(key);
  }

  /** Connections that the client of this address holds. */
  of(address: string): number {
    return this.#byClient.get(clientKey(address)) ?? 0;
  }

  get total(): number {
    return this.#total;
  }
}
