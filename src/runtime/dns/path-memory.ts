import { BoundedMap } from '../../decision/bounded-map.ts';

/** How long a way that gave no answer is tried after the others. */
const silentMs = 30_000;

/** Ways that are remembered; configurations have a handful, addresses that come and go add some. */
const maxWays = 256;

/** How each way to ask did lately. Times are monotonic ms. */
export class PathMemory {
  readonly #silentUntil = new BoundedMap<string, number>(maxWays);
  #lastGood: string | null = null;

  get lastGood(): string | null {
    return this.#lastGood;
  }

  isSilent(key: string, now: number): boolean {
    return (this.#silentUntil.get(key) ?? 0) > now;
  }

  answered(key: string): void {
    this.#silentUntil.delete(key);
    this.#lastGood = key;
  }

  /** It said nothing while another way had the answer, or it does not serve us. */
  silent(key: string, now: number): void {
    this.#silentUntil.set(key, now + silentMs);
    if (this.#lastGood === key) this.#lastGood = null;
  }
}
