import { Heap } from '../heap.ts';

/** Half of what a client took of our time is forgiven in so long, ms, and when no more than so much is left, all of it. */
const halfLifeMs = 250;
const forgivenMs = 0.25;

/** No piece costs its client more than this, ms: what was longer was hardly its own doing. */
const mostMs = 0.25;

/** How often clients that are forgiven all are forgotten, ms. */
const sweepMs = 1_000;

type Piece<Work> = { readonly work: Work };

/** `forgivenAt`: when what it took is forgiven, monotonic ms; from how far that is off follows how much it is. */
type Client<Work> = {
  readonly key: string;
  /** In the order in which they came. */
  readonly waiting: Set<Piece<Work>>;
  forgivenAt: number;
  isQueued: boolean;
};

/** A client's place in the queue: what it is charged while it waits moves it the next time only. */
type Place<Work> = { readonly at: number; readonly order: number; readonly client: Client<Work> };

/**
 * Whose work is done next, where there is more of it than can be done at once: of whoever took least of our time
 * lately, however many connections it has and however much it sends. As all are forgiven alike, that is whoever is
 * forgiven first, and nobody waits for ever. `now`: monotonic ms.
 */
export class FairTurns<Work> {
  /** All that have something to do, or took something lately. */
  readonly #known = new Map<string, Client<Work>>();
  /** Those with something to do. */
  readonly #queue = new Heap<Place<Work>>(isBefore);
  #places = 0;
  #sweptAt = 0;

  /** Gives the way to withdraw it: what nobody wants done any more must not gather. */
  add(key: string, work: Work, now: number): () => void {
    const client = this.#client(key, now);
    const piece = { work };
    client.waiting.add(piece);
    this.#enqueue(client);
    return () => void client.waiting.delete(piece);
  }

  /** Takes the next piece of work and whose it is, who must then be charged for it; null: nothing waits. */
  next(): { readonly client: string; readonly work: Work } | null {
    for (;;) {
      const client = this.#queue.take()?.client;
      if (client === undefined) return null;
      client.isQueued = false;
      const [piece] = client.waiting;
      if (piece === undefined) continue;
      client.waiting.delete(piece);
      return { client: client.key, work: piece.work };
    }
  }

  /** What a piece of this client's work has cost. */
  charge(key: string, ms: number, now: number): void {
    const client = this.#client(key, now);
    const taken =
      forgivenMs * 2 ** ((client.forgivenAt - now) / halfLifeMs) + Math.min(Math.max(ms, 0), mostMs);
    client.forgivenAt = now + halfLifeMs * Math.log2(taken / forgivenMs);
    this.#enqueue(client);
    this.#sweep(now);
  }

  #client(key: string, now: number): Client<Work> {
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.forgivenAt = Math.max(known.forgivenAt, now);
      return known;
    }
    const client = { key, waiting: new Set<Piece<Work>>(), forgivenAt: now, isQueued: false };
    this.#known.set(key, client);
    return client;
  }

  #enqueue(client: Client<Work>): void {
    if (client.isQueued || client.waiting.size === 0) return;
    client.isQueued = true;
    this.#queue.add({ at: client.forgivenAt, order: this.#places++, client });
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < sweepMs) return;
    this.#sweptAt = now;
    for (const [key, client] of this.#known)
      if (client.waiting.size === 0 && client.forgivenAt <= now) this.#known.delete(key);
  }
}

/** Those who are forgiven at the same time go in the order in which they came. */
const isBefore = (one: Place<unknown>, other: Place<unknown>): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);
