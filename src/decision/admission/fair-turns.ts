/** What one client may do, in ms of our time, before the next client's turn. */
const quantumMs = 0.25;

/** No piece costs its client more than this: what was longer was hardly its own doing. */
const mostMs = 2;

/** A client with something to do. `credit`: ms that it may still take in this round. */
type Flow<Work> = { readonly waiting: Work[]; credit: number };

/**
 * Whose work is done next, where there is more of it than can be done at once: every client gets as much of our time as
 * every other, however many connections it has and however much it sends. A client that asks for little goes before
 * all that ask for much. These are the two lists of RFC 8290 (FQ-CoDel, section 4.2), over time instead of bytes.
 */
export class FairTurns<Work> {
  /** Clients that had nothing waiting until now; they go first, until they have had their quantum. */
  readonly #fresh = new Map<string, Flow<Work>>();
  readonly #busy = new Map<string, Flow<Work>>();
  #size = 0;

  /** Pieces of work that wait. */
  get size(): number {
    return this.#size;
  }

  add(client: string, work: Work): void {
    this.#size += 1;
    const known = this.#fresh.get(client) ?? this.#busy.get(client);
    if (known !== undefined) known.waiting.push(work);
    else this.#fresh.set(client, { waiting: [work], credit: quantumMs });
  }

  /** Takes the next piece of work and its client; null: nothing waits. */
  next(): { readonly client: string; readonly work: Work } | null {
    for (;;) {
      const list = this.#fresh.size > 0 ? this.#fresh : this.#busy;
      const [first] = list;
      if (first === undefined) return null;
      const [client, flow] = first;
      if (flow.credit <= 0) {
        flow.credit += quantumMs;
        this.#goToTheEnd(client, flow);
        continue;
      }
      const work = flow.waiting.shift();
      if (work !== undefined) {
        this.#size -= 1;
        return { client, work };
      }
      // Who was fresh stays known for a round, so that nobody is fresh with every piece.
      if (list === this.#fresh && this.#busy.size > 0) this.#goToTheEnd(client, flow);
      else list.delete(client);
    }
  }

  /** What its last piece has cost. */
  charge(client: string, ms: number): void {
    const flow = this.#fresh.get(client) ?? this.#busy.get(client);
    if (flow !== undefined) flow.credit -= Math.min(ms, mostMs);
  }

  #goToTheEnd(client: string, flow: Flow<Work>): void {
    this.#fresh.delete(client);
    this.#busy.delete(client);
    this.#busy.set(client, flow);
  }
}
