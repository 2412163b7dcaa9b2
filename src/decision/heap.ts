/** Gives the first of its items first, by an order that must not change while they are in it: a binary heap. */
export class Heap<Item> {
  readonly #items: Item[] = [];
  readonly #isBefore: (one: Item, other: Item) => boolean;

  constructor(isBefore: (one: Item, other: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  /** Undefined: there is none. */
  get first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    const items = this.#items;
    let hole = items.length;
    for (;;) {
      const above = (hole - 1) >> 1;
      const parent = items[above];
      if (hole === 0 || parent === undefined || !this.#isBefore(item, parent)) break;
      items[hole] = parent;
      hole = above;
    }
    items[hole] = item;
  }

  /** Takes out the first; undefined: there is none. */
  take(): Item | undefined {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let hole = 0;
    for (;;) {
      const left = 2 * hole + 1;
      const [one, other] = [items[left], items[left + 1]];
      const isOther = one !== undefined && other !== undefined && this.#isBefore(other, one);
      const child = isOther ? other : one;
      if (child === undefined || !this.#isBefore(child, last)) break;
      items[hole] = child;
      hole = isOther ? left + 1 : left;
    }
    items[hole] = last;
    return first;
  }
}
