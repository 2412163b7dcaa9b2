import type { IdleSessions } from './idle-sessions.ts';
import type { Site } from './site.ts';

/** Connections outward at a time, over all sites. */
const connectionLimit = 500;
/** Of them, those that are being opened for mail that failed before: new mail to a live site always finds some. */
const retryLimit = 350;

/** The places for connections of all sites. A site that finds none gets its turn when one is free; new mail is first. */
export class ConnectionSlots {
  readonly #idle: IdleSessions;
  readonly #hungry = new Set<Site>();
  readonly #hungryRetries = new Set<Site>();
  #taken = 0;
  #retries = 0;

  constructor(idle: IdleSessions) {
    this.#idle = idle;
  }

  /** Places that are taken, and of them those that are being opened for mail that failed before. */
  get inUse(): { readonly connections: number; readonly retries: number } {
    return { connections: this.#taken, retries: this.#retries };
  }

  /**
   * False: none is free, not even that of an idle session, and the site is pumped later. `retry`: all that waits for it
   * has failed before; `retryOver` tells the end of such an opening.
   */
  take(site: Site, retry: boolean): boolean {
    if (retry && this.#retries >= retryLimit) {
      this.#hungryRetries.add(site);
      return false;
    }
    if (this.#taken >= connectionLimit && !this.#idle.dismissLongest()) {
      (retry ? this.#hungryRetries : this.#hungry).add(site);
      return false;
    }
    this.#taken += 1;
    if (retry) this.#retries += 1;
    return true;
  }

  /** An opening for mail that had failed before is over. */
  retryOver(): void {
    this.#retries -= 1;
    this.#serve();
  }

  free(): void {
    this.#taken -= 1;
    this.#serve();
  }

  #serve(): void {
    const waiting = this.#hungry.size > 0 ? this.#hungry : this.#hungryRetries;
    if (waiting === this.#hungryRetries && this.#retries >= retryLimit) return;
    const [site] = waiting;
    if (site === undefined || this.#taken >= connectionLimit) return;
    waiting.delete(site);
    queueMicrotask(() => {
      site.pump();
      // Where it has no use for the place any more, the next one has.
      this.#serve();
    });
  }
}
