/**
 * A name and those above it, the nearest first, but for the last label, and eight at most: where a DMARC policy (RFC 9989
 * section 4.10) or a CAA set (RFC 8659 section 3) may stand.
 */
export function withParents(name: string): readonly string[] {
  const labels = name.split('.');
  const first = labels.slice(0, -1).slice(0, 8);
  return first.map((_label, place) => labels.slice(place).join('.'));
}
