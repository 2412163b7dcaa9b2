/** What large receivers allow without complaint. */
const mostSessions = 20;
const firstSessions = 5;
/** After an outage a site has enough to do: so few to begin with. */
const afterOutage = 2;
/** A site that let no more sessions in is not asked for more for a while. */
const fullForMs = 60_000;
/** What one moment says several times is said once. */
const oneMomentMs = 1_000;
/** The latest answers tell the present pace; each counts for so much of it. */
const paceShare = 0.1;
/** The best pace that is known is forgotten slowly, for it may have been a lucky one. */
const forgetShare = 0.001;
/** Slower than so many times the best pace, and this: more sessions would only make it slower. */
const slowTimes = 2;
const slowMs = 50;

/**
 * How many sessions a site may have at a time: few at first, one more for each message that it takes at its usual pace
 * while others wait, half as many when it says that it is too much; from there on it grows slowly. Times are monotonic
 * ms.
 */
export class SiteLimit {
  readonly #first: number;
  #sessions: number;
  /** Below it the limit grows with each message, above it with each round of them. */
  #quickTo = mostSessions;
  #fullUntil = Number.NEGATIVE_INFINITY;
  #pressedAt = Number.NEGATIVE_INFINITY;
  #paceMs: number | null = null;
  #bestMs = Number.POSITIVE_INFINITY;

  /** `own`: the mail store behind us, which is there to take what we have. */
  constructor(own: boolean) {
    this.#first = own ? mostSessions : firstSessions;
    this.#sessions = this.#first;
  }

  get sessions(): number {
    return Math.floor(this.#sessions);
  }

  /** It took a message in so many ms while others waited. */
  succeeded(elapsedMs: number, now: number): void {
    this.#paceMs = this.#paceMs === null ? elapsedMs : this.#paceMs + paceShare * (elapsedMs - this.#paceMs);
    this.#bestMs = Math.min(this.#bestMs * (1 + forgetShare), this.#paceMs);
    if (this.#sessions >= mostSessions || now < this.#fullUntil) return;
    if (this.#paceMs > this.#bestMs * slowTimes + slowMs) return;
    this.#sessions = Math.min(
      mostSessions,
      this.#sessions + (this.#sessions < this.#quickTo ? 1 : 1 / this.#sessions),
    );
  }

  /** It said that it is too much. */
  pressed(now: number): void {
    if (now - this.#pressedAt < oneMomentMs) return;
    this.#pressedAt = now;
    this.#sessions = Math.max(1, Math.floor(this.#sessions / 2));
    this.#quickTo = this.#sessions;
  }

  /** It takes our mail on the sessions that stand, and let no other one in. */
  full(standing: number, now: number): void {
    this.#sessions = Math.max(1, Math.min(standing, this.#sessions));
    this.#quickTo = this.#sessions;
    this.#fullUntil = now + fullForMs;
  }

  /** Nothing got through to it. */
  lost(): void {
    this.#sessions = Math.min(this.#sessions, afterOutage);
  }

  /** Its mail comes from another address now, which it may not know. */
  moved(): void {
    this.#sessions = Math.min(this.#sessions, this.#first);
    this.#paceMs = null;
    this.#bestMs = Number.POSITIVE_INFINITY;
  }
}
