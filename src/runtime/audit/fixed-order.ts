const byNumbers = new Intl.Collator('en', { numeric: true });

/**
 * The order in which facts are written, numbers in them by their size: who answered first, and how a name server turns
 * its records from answer to answer, is no fact.
 */
export function fixedOrder(one: string, other: string): number {
  return byNumbers.compare(one, other) || Number(one > other) - Number(one < other);
}
