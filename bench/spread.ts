export type Spread = { readonly p50: number; readonly p99: number; readonly max: number };

/** By nearest rank; NaN of none. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const share = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
  return { p50: share(0.5), p99: share(0.99), max: share(1) };
}
