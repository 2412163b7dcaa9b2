import type { Site } from './site.ts';

/** Connections outward at a time, over all sites. */
const connectionLimit = 500;

/** The places for connections of all sites. A site that finds none gets its turn when one is free. */
export class ConnectionSlots {
  readonly #sites: () => Iterable<Site>;
  readonly #hungry = new Set<Site>();
  #taken = 0;

  constructor(sites: () => Iterable<Site>) {
    this.#sites = sites;
  }

  /** False: none is free, not even that of an idle session, and the site is pumped later. */
  take(site: Site): boolean {
    if (this.#taken >= connectionLimit && !this.#dismissIdle()) {
      this.#hungry.add(site);
      return false;
    }
    this.#taken += 1;
    return true;
  }

  free(): void {
    this.#taken -= 1;
    const [site] = this.#hungry;
    if (site === undefined) return;
    this.#hungry.delete(site);
    queueMicrotask(() => site.pump());
  }

  #dismissIdle(): boolean {
    for (const site of this.#sites()) if (site.dismissIdle()) return true;
    return false;
  }
}
