/**
 * A client that takes less of our time than this goes before all that take more: ms in each second, and what may gather
 * of it. An honest dialogue takes about one millisecond.
 */
const littleMsPerSecond = 1;
const littleMs = 3;

/** Among those that take more, ms for one client before the next one's turn. */
const quantumMs = 0.25;

/** No piece costs its client more than this: what was longer was hardly its own doing. */
const mostMs = 2;

/** How often clients that take nothing any more are forgotten. */
const sweepMs = 1_000;

/** `credit`: ms that it may still take as one that takes little; `share`: in this round of those that take more. */
type Client<Work> = { readonly waiting: Work[]; credit: number; at: number; share: number };

/**
 * Whose work is done next, where there is more of it than can be done at once. Who takes little of our time goes first;
 * of all others each gets as much as the next, however many connections it has and however much it sends. Time is
 * monotonic ms.
 */
export class FairTurns<Work> {
  /** All that have something to do, or took something lately. */
  readonly #known = new Map<string, Client<Work>>();
  /** Those with something to do, in the order of their turns: they take little, or more. */
  readonly #little = new Map<string, Client<Work>>();
  readonly #more = new Map<string, Client<Work>>();
  #sweptAt = 0;

  add(key: string, work: Work, now: number): void {
    const client = this.#client(key, now);
    client.waiting.push(work);
    if (client.waiting.length > 1) return;
    client.share = Math.max(client.share, -quantumMs);
    (client.credit > 0 ? this.#little : this.#more).set(key, client);
  }

  /** Takes the next piece of work and whose it is; null: nothing waits, or nothing `urgent`, of clients that go first. */
  next(urgent = false): { readonly client: string; readonly work: Work } | null {
    for (;;) {
      const list = this.#little.size > 0 || urgent ? this.#little : this.#more;
      const [first] = list;
      if (first === undefined) return null;
      const [key, client] = first;
      const isTurnOver = list === this.#more && client.share <= 0;
      if (isTurnOver) client.share += quantumMs;
      else {
        const work = client.waiting.shift();
        if (client.waiting.length === 0) list.delete(key);
        if (work !== undefined) return { client: key, work };
      }
      if (list.delete(key)) list.set(key, client);
    }
  }

  /** What a piece of this client's work has cost. */
  charge(key: string, ms: number, now: number): void {
    if (ms <= 0) return;
    const client = this.#client(key, now);
    const cost = Math.min(ms, mostMs);
    client.credit -= cost;
    client.share = Math.min(client.share, quantumMs) - cost;
    if (client.credit <= 0 && this.#little.delete(key)) this.#more.set(key, client);
    this.#sweep(now);
  }

  #client(key: string, now: number): Client<Work> {
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.credit = creditOf(known, now);
      known.at = now;
      return known;
    }
    const client = { waiting: [], credit: littleMs, at: now, share: quantumMs };
    this.#known.set(key, client);
    return client;
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < sweepMs) return;
    this.#sweptAt = now;
    for (const [key, client] of this.#known)
      if (client.waiting.length === 0 && creditOf(client, now) >= littleMs) this.#known.delete(key);
  }
}

const creditOf = ({ credit, at }: Pick<Client<unknown>, 'credit' | 'at'>, now: number): number =>
  Math.min(littleMs, credit + ((now - at) / 1_000) * littleMsPerSecond);
