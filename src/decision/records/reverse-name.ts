/** The name of an address in the reverse tree, and the zone that most likely holds it (RFC 1035 section 3.5, RFC 3596 section 2.5). */
export function reverseName(address: string): { readonly name: string; readonly zone: string } {
  if (!address.includes(':')) {
    const parts = address.split('.').toReversed();
    return { name: `${parts.join('.')}.in-addr.arpa`, zone: `${parts.slice(1).join('.')}.in-addr.arpa` };
  }
  const nibbles = expand(address).join('').split('').toReversed();
  // A /64 is what a provider hands out at least.
  return { name: `${nibbles.join('.')}.ip6.arpa`, zone: `${nibbles.slice(16).join('.')}.ip6.arpa` };
}

/** The eight groups of an IPv6 address, four digits each. */
function expand(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...(tail === undefined ? [] : zeros), ...back].map(group => group.padStart(4, '0'));
}
