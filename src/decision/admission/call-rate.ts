/** A client may call in a burst of so many seconds' worth. */
const burstSeconds = 10;

/** So many clients are remembered at most; who comes beyond them never calls too often. */
const mostClients = 20_000;

/** Calls of a client that count still at `at`, monotonic ms. */
type Recent = { calls: number; at: number };

/**
 * Does a client call too often? It may make as many calls a second as it may have connections, and ten seconds' worth of
 * them at once: whoever does more does not come to bring mail.
 */
export class CallRate {
  readonly #recent = new Map<string, Recent>();
  #sweptAt = 0;

  /** Counts a call of this client (`clientKey`), unless it is one too many. `now`: monotonic ms. */
  isTooOften(client: string, perSecond: number, now: number): boolean {
    this.#sweep(perSecond, now);
    const recent = this.#recent.get(client) ?? { calls: 0, at: now };
    const calls = callsLeft(recent, perSecond, now);
    if (calls + 1 > burstSeconds * perSecond) return true;
    recent.calls = calls + 1;
    recent.at = now;
    if (this.#recent.size < mostClients) this.#recent.set(client, recent);
    return false;
  }

  #sweep(perSecond: number, now: number): void {
    if (now - this.#sweptAt < burstSeconds * 1_000) return;
    this.#sweptAt = now;
    for (const [client, recent] of this.#recent)
      if (callsLeft(recent, perSecond, now) === 0) this.#recent.delete(client);
  }
}

const callsLeft = ({ calls, at }: Recent, perSecond: number, now: number): number =>
  Math.max(0, calls - ((now - at) / 1_000) * perSecond);
