import type { MessageId } from '../../src/decision/queue/queued.ts';

/** A recipient that was due at a time; whether it still is, its row tells. */
export type DueMark = { readonly at: number; readonly message: MessageId; readonly index: number };

/** A binary heap: the earliest mark first, and of one time those of the oldest message. */
export class DueHeap {
  readonly #marks: DueMark[] = [];

  get first(): DueMark | undefined {
    return this.#marks[0];
  }

  push(mark: DueMark): void {
    const marks = this.#marks;
    let child = marks.push(mark) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = marks[parent];
      if (above === undefined || !before(mark, above)) break;
      marks[child] = above;
      child = parent;
    }
    marks[child] = mark;
  }

  pop(): DueMark | undefined {
    const marks = this.#marks;
    const [first] = marks;
    const last = marks.pop();
    if (last === undefined || marks.length === 0) return first;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      const right = marks[child + 1];
      let below = marks[child];
      if (below === undefined) break;
      if (right !== undefined && before(right, below)) {
        below = right;
        child += 1;
      }
      if (!before(below, last)) break;
      marks[parent] = below;
      parent = child;
    }
    marks[parent] = last;
    return first;
  }
}

function before(one: DueMark, other: DueMark): boolean {
  if (one.at !== other.at) return one.at < other.at;
  if (one.message !== other.message) return one.message < other.message;
  return one.index < other.index;
}
