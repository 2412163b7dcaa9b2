import type { Random } from '../../src/runtime/ports.ts';

/**
 * Chance that repeats: the small fast counter generator (sfc32), started from one whole number.
 * `fork` gives an independent stream, so that one more draw in one place does not change all that follows elsewhere.
 */
export class SimRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #forks = 0;
  readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#a = seed | 0;
    this.#b = (seed / 0x1_0000_0000) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let i = 0; i < 15; i++) this.#draw();
  }

  next(): number {
    return (this.#draw() >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from `low` up to, not including, `high`. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.between(0, items.length)];
    if (item === undefined) throw new Error('There is nothing to pick from.');
    return item;
  }

  fork(): SimRandom {
    this.#forks += 1;
    return new SimRandom(this.seed * 1_000 + this.#forks);
  }

  #draw(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum;
  }
}
