/** Calls are counted over so long a time, so that a client may call in bursts. */
const windowMs = 10_000;

/** So many clients are remembered at most; where more call in a window, nobody calls too often. */
const mostClients = 20_000;

/**
 * Does a client call too often? It may make as many calls a second as it may have connections, over 10 s: whoever does
 * more does not come to bring mail.
 */
export class CallRate {
  #begunAt = Number.NEGATIVE_INFINITY;
  readonly #calls = new Map<string, number>();

  /** Counts a call of this client (`clientKey`), and tells whether it is one too many. `now`: monotonic ms. */
  isTooOften(client: string, perSecond: number, now: number): boolean {
    if (now - this.#begunAt >= windowMs) {
      this.#begunAt = now;
      this.#calls.clear();
    }
    const calls = (this.#calls.get(client) ?? 0) + 1;
    if (calls === 1 && this.#calls.size >= mostClients) return false;
    this.#calls.set(client, calls);
    return calls > (perSecond * windowMs) / 1_000;
  }
}
