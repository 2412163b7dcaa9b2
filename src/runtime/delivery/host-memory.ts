import type { HostAddress } from '../../decision/egress/route.ts';

const firstMs = 2_000;
const firstSlowMs = 60_000;
const slowFromMs = 5_000;
const longestMs = 4 * 60_000;
const rememberedHosts = 10_000;

type Memory = { readonly until: number; readonly lastsMs: number };

/**
 * Hosts that no egress reached a moment ago, so that later messages go to the next host at once instead of waiting
 * anew. Short after a quick failure, for it may have been our uplinks; never longer than the shortest wait of the
 * queue, so that a retry asks the host itself. Times are monotonic ms.
 */
export class HostMemory {
  readonly #dead = new Map<string, Memory>();

  /** `tookMs`: how long it took to find out. */
  noteDead(to: HostAddress, now: number, tookMs: number): void {
    const key = keyOf(to);
    const before = this.#dead.get(key);
    const first = tookMs >= slowFromMs ? firstSlowMs : firstMs;
    const lastsMs = Math.min(Math.max(first, (before?.lastsMs ?? 0) * 2), longestMs);
    this.#dead.delete(key);
    this.#dead.set(key, { until: now + lastsMs, lastsMs });
    if (this.#dead.size <= rememberedHosts) return;
    const [oldest] = this.#dead.keys();
    if (oldest !== undefined) this.#dead.delete(oldest);
  }

  noteAlive(to: HostAddress): void {
    if (this.#dead.size > 0) this.#dead.delete(keyOf(to));
  }

  isDead(to: HostAddress, now: number): boolean {
    if (this.#dead.size === 0) return false;
    const memory = this.#dead.get(keyOf(to));
    return memory !== undefined && memory.until > now;
  }

  /** An egress came back: what was known of hosts was known through the others. */
  forgetAll(): void {
    this.#dead.clear();
  }
}

const keyOf = (to: HostAddress): string => `${to.address}:${to.port}`;
