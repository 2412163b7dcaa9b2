/** The middle one, or the mean of the two in the middle; NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/**
 * How many times as much the first of each pair is, for each pair that is whole. The median of these is taken where
 * rounds are compared: a machine's mood changes from minute to minute, and both of a round met the same.
 */
export function ratios(pairs: readonly (readonly [number | undefined, number | undefined])[]): number[] {
  return pairs.flatMap(([one, other]) =>
    one === undefined || other === undefined || other === 0 ? [] : [one / other],
  );
}
