/**
 * Addresses in the order to try: one of each family in turn, for a dead family then costs one try. IPv4 first: it is the
 * address whose name and reputation receivers have known for longer.
 */
export function inTurns(four: readonly string[], six: readonly string[]): string[] {
  const ordered: string[] = [];
  for (let turn = 0; turn < Math.max(four.length, six.length); turn++)
    for (const address of [four[turn], six[turn]]) if (address !== undefined) ordered.push(address);
  return ordered;
}
