const dayMs = 24 * 60 * 60_000;
const mostChanges = 1_000;
const rateWindowS = 60;

/** What one egress did since the start: messages sent and failed, its rate, its changes of state. Times are monotonic ms. */
export class EgressTally {
  sent = 0;
  failed = 0;
  readonly #startedAt: number;
  readonly #perSecond = new Uint32Array(rateWindowS);
  #second = 0;
  #changes: number[] = [];

  constructor(now: number) {
    this.#startedAt = now;
    this.#second = Math.floor(now / 1_000);
  }

  countSent(now: number): void {
    this.sent += 1;
    this.#advance(now);
    const slot = this.#second % rateWindowS;
    this.#perSecond[slot] = (this.#perSecond[slot] ?? 0) + 1;
  }

  countChange(now: number): void {
    this.#changes.push(now);
    if (this.#changes.length > mostChanges) this.#changes.shift();
  }

  changes24h(now: number): number {
    this.#changes = this.#changes.filter(at => now - at < dayMs);
    return this.#changes.length;
  }

  /** Messages a second over the last minute, or since the start where that is shorter. */
  ratePerS(now: number): number {
    this.#advance(now);
    const window = Math.min(rateWindowS, Math.max(1, (now - this.#startedAt) / 1_000));
    let sum = 0;
    for (const count of this.#perSecond) sum += count;
    return Math.round((sum / window) * 100) / 100;
  }

  #advance(now: number): void {
    const second = Math.floor(now / 1_000);
    const passed = Math.min(rateWindowS, second - this.#second);
    for (let step = 1; step <= passed; step += 1) this.#perSecond[(this.#second + step) % rateWindowS] = 0;
    this.#second = Math.max(this.#second, second);
  }
}
