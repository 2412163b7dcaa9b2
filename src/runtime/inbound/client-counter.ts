import { clientKey } from '../../decision/admission/client-networks.ts';
import type { ClientLimits } from '../../decision/admission/listener.ts';

/** Counts open connections, in all and for each client, and says when one is too many. */
export class ClientCounter {
  #total = 0;
  readonly #byClient = new Map<string, number>();

  /** Takes a place for `address`; `unlimited` clients (our own networks) count only in the total. Null: taken; else why not. */
  enter(
    address: string,
    unlimited: boolean,
    limits: Pick<ClientLimits, 'connections' | 'perClient'>,
  ): string | null {
    if (this.#total >= limits.connections) return 'Too many connections are open here; call again later.';
    const key = clientKey(address);
    const mine = this.#byClient.get(key) ?? 0;
    if (!unlimited && mine >= limits.perClient)
      return 'Too many connections are open from your address; close some first.';
    this.#total += 1;
    this.#byClient.set(key, mine + 1);
    return null;
  }

  leave(address: string): void {
    const key = clientKey(address);
    const mine = (this.#byClient.get(key) ?? 1) - 1;
    this.#total -= 1;
    if (mine > 0) this.#byClient.set(key, mine);
    else this.#byClient.delete(key);
  }

  get total(): number {
    return this.#total;
  }
}
