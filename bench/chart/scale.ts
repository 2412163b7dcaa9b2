/** Where things stand in a drawing, in its own units (pixels of an unscaled picture). */
export type Scale = (value: number) => number;

/** Maps [from, to] to [start, end] evenly. */
export function linearScale(from: number, to: number, start: number, end: number): Scale {
  return value => start + ((value - from) / (to - from)) * (end - start);
}

/** Maps [from, to], both above 0, to [start, end] by the logarithm; what lies outside stands at the nearer end. */
export function logScale(from: number, to: number, start: number, end: number): Scale {
  const even = linearScale(Math.log10(from), Math.log10(to), start, end);
  return value => even(Math.log10(Math.min(to, Math.max(from, value))));
}

/** The powers of ten from `from` to `to`, both included where they are such. */
export function decades(from: number, to: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(from)), Math.floor(Math.log10(to))];
  return Array.from({ length: last - first + 1 }, (_, step) => 10 ** (first + step));
}

/**
 * Moves labels apart so that neighbours are `gap` from each other, each as near to where it belongs as its
 * neighbours let it, and none below `end`. `wanted` in any order; the answer is in the same.
 */
export function apart(wanted: readonly number[], gap: number, end: number): number[] {
  const order = wanted.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at);
  const placed = wanted.map(() => 0);
  let groups: { readonly indices: number[]; readonly sum: number }[] = [];
  const middle = ({ indices, sum }: { indices: number[]; sum: number }): number =>
    Math.min(sum / indices.length, end - ((indices.length - 1) * gap) / 2);
  for (const { at, index } of order) {
    let group = { indices: [index], sum: at };
    for (let above = groups.at(-1); above !== undefined; above = groups.at(-1)) {
      const reach = ((above.indices.length + group.indices.length) * gap) / 2;
      if (middle(group) - middle(above) >= reach) break;
      group = { indices: [...above.indices, ...group.indices], sum: above.sum + group.sum };
      groups = groups.slice(0, -1);
    }
    groups.push(group);
  }
  for (const group of groups)
    for (const [step, index] of group.indices.entries())
      placed[index] = middle(group) + (step - (group.indices.length - 1) / 2) * gap;
  return placed;
}
