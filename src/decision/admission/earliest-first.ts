type Entry<Item> = { readonly at: number; readonly order: number; readonly item: Item };

/** Items in the order of their times, and those of one time in the order in which they came: a binary heap. */
export class EarliestFirst<Item> {
  readonly #entries: Entry<Item>[] = [];
  #order = 0;

  add(at: number, item: Item): void {
    const entry = { at, order: this.#order++, item };
    const entries = this.#entries;
    let hole = entries.length;
    for (;;) {
      const above = (hole - 1) >> 1;
      const parent = entries[above];
      if (hole === 0 || parent === undefined || !isBefore(entry, parent)) break;
      entries[hole] = parent;
      hole = above;
    }
    entries[hole] = entry;
  }

  /** Takes out the first; undefined: there is none. */
  take(): Item | undefined {
    const entries = this.#entries;
    const [first] = entries;
    const last = entries.pop();
    if (last === undefined || last === first) return first?.item;
    let hole = 0;
    for (;;) {
      const left = 2 * hole + 1;
      const [one, other] = [entries[left], entries[left + 1]];
      const isOther = one !== undefined && other !== undefined && isBefore(other, one);
      const child = isOther ? other : one;
      if (child === undefined || !isBefore(child, last)) break;
      entries[hole] = child;
      hole = isOther ? left + 1 : left;
    }
    entries[hole] = last;
    return first?.item;
  }
}

const isBefore = (one: Entry<unknown>, other: Entry<unknown>): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);
