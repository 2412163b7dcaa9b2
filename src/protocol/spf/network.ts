import { isIPv4, isIPv6 } from 'node:net';

/** An address as numbers of one size, 8 bits (IPv4) or 16 bits (IPv6) each. */
export type AddressParts = { readonly bits: 8 | 16; readonly parts: readonly number[] };

/** Null: this is no address. */
export function addressParts(address: string): AddressParts | null {
  if (isIPv4(address)) return { bits: 8, parts: address.split('.').map(Number) };
  return isIPv6(address) ? { bits: 16, parts: hextets(address) } : null;
}

/** Do both agree in their first `prefix` bits? By default in all; false for those of two families. */
export function agree(one: AddressParts, other: AddressParts, prefix: number | null): boolean {
  if (one.bits !== other.bits) return false;
  let left = prefix ?? one.bits * one.parts.length;
  for (let place = 0; left > 0; place++, left -= one.bits) {
    const differs = (one.parts[place] ?? 0) ^ (other.parts[place] ?? 0);
    if (differs >> Math.max(one.bits - left, 0) !== 0) return false;
  }
  return true;
}

/** The eight groups; `::` stands for as many zeros as are missing, and the last two may be written as IPv4. */
function hextets(address: string): number[] {
  const dotted = /[\d.]+$/.exec(address)?.[0] ?? '';
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  const tail = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  const plain = isIPv4(dotted) ? address.slice(0, -dotted.length) + tail : address;
  const [head = [], rest = []] = plain
    .split('::')
    .map(side => side.split(':').flatMap(group => (group === '' ? [] : [Number.parseInt(group, 16)])));
  return [...head, ...Array<number>(8 - head.length - rest.length).fill(0), ...rest];
}
