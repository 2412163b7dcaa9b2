import { BoundedMap } from '../../decision/bounded-map.ts';
/**
 * The last durations of one thing, in ms: a ring, so that old ones fade as new ones come. Percentiles are worked out
 * when asked and kept until the next sample.
 */
export class TimeSamples {
  readonly #ring: Float64Array;
  #count = 0;
  #sorted: Float64Array | null = null;

  constructor(size: number) {
    this.#ring = new Float64Array(size);
  }

  add(ms: number): void {
    this.#ring[this.#count % this.#ring.length] = ms;
    this.#count += 1;
    this.#sorted = null;
  }

  /** How many samples there are, at most the ring's size. */
  get size(): number {
    return Math.min(this.#count, this.#ring.length);
  }

  /** `share` from 0 to 1; null while there is no sample. */
  percentile(share: number): number | null {
    if (this.#count === 0) return null;
    this.#sorted ??= this.#ring.slice(0, this.size).sort();
    return this.#sorted[Math.min(this.size - 1, Math.floor(share * this.size))] ?? null;
  }
}

/** Samples by egress, and by egress and site; bounded: the site that was longest unused is forgotten. */
export class RouteTimes {
  readonly #egresses = new Map<string, TimeSamples>();
  readonly #sites = new BoundedMap<string, TimeSamples>(mostSites);

  add(egressId: string, site: string, ms: number): void {
    let all = this.#egresses.get(egressId);
    if (all === undefined) this.#egresses.set(egressId, (all = new TimeSamples(samplesOfEgress)));
    all.add(ms);
    const key = `${egressId}\n${site}`;
    const own = this.#sites.get(key) ?? new TimeSamples(samplesOfSite);
    own.add(ms);
    this.#sites.set(key, own);
  }

  /** Of this egress to this site; with few samples yet, no less than to all sites. Null: nothing was measured. */
  p95(egressId: string, site: string): number | null {
    const own = this.#sites.get(`${egressId}\n${site}`);
    const ownP95 = own?.percentile(0.95) ?? null;
    if (own !== undefined && own.size >= enoughOfSite) return ownP95;
    const all = this.#egresses.get(egressId)?.percentile(0.95) ?? null;
    return all === null ? ownP95 : Math.max(all, ownP95 ?? 0);
  }

  /** Of this egress to all sites. */
  ofEgress(egressId: string): TimeSamples | null {
    return this.#egresses.get(egressId) ?? null;
  }

  /** The egress is configured no more. */
  forget(egressId: string): void {
    this.#egresses.delete(egressId);
    for (const key of this.#sites.keys()) if (key.startsWith(`${egressId}\n`)) this.#sites.delete(key);
  }
}

const samplesOfEgress = 256;
const samplesOfSite = 32;
const enoughOfSite = 4;
const mostSites = 2_000;
