/**
 * The score of one way for one site in weighted rendezvous hashing: the highest wins, so each site keeps its way as long
 * as that exists, and ways share sites by their weights. Deterministic; `weight` must be above 0.
 */
export function rendezvousScore(way: string, site: string, weight: number): number {
  return -weight / Math.log(uniformOf(way, site));
}

/** A number between 0 and 1 that belongs to one way for one site, as good as drawn at random for each. */
export function uniformOf(way: string, site: string): number {
  return (hash32(`${way}\n${site}`) + 0.5) / 2 ** 32;
}

/** FNV-1a, with the last mixing of MurmurHash3, so that names that differ in one letter part well. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
