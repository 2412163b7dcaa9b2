import { BoundedMap } from '../../decision/bounded-map.ts';
import { type HostAddress, hostKey, type Route, routeKey } from '../../decision/egress/route.ts';

const firstMs = 2_000;
const firstSlowMs = 60_000;
const slowFromMs = 5_000;
const longestMs = 4 * 60_000;
const rememberedHosts = 10_000;
const clearMs = 10 * 60_000;

type Memory = { readonly until: number; readonly lastsMs: number };

/**
 * What is known of hosts for a while: which of them no egress reached a moment ago, so that later messages go to the next host at once instead of waiting
 * anew. Short after a quick failure, for it may have been our uplinks; never longer than the shortest wait of the
 * queue, so that a retry asks the host itself. With which of them TLS failed, and which refused our login. Times are monotonic ms.
 */
export class HostMemory {
  readonly #dead = new BoundedMap<string, Memory>(rememberedHosts);
  /** Routes on which TLS failed, and until when they are spoken on in clear: it may be somebody on one uplink's way. */
  readonly #clear = new BoundedMap<string, number>(rememberedHosts);
  /** Hosts that refused our login, in which words. */
  readonly #refusedLogins = new BoundedMap<string, string>(rememberedHosts);

  /** `tookMs`: how long it took to find out. */
  noteDead(to: HostAddress, now: number, tookMs: number): void {
    const key = hostKey(to);
    const before = this.#dead.get(key);
    const first = tookMs >= slowFromMs ? firstSlowMs : firstMs;
    const lastsMs = Math.min(Math.max(first, (before?.lastsMs ?? 0) * 2), longestMs);
    this.#dead.set(key, { until: now + lastsMs, lastsMs });
  }

  noteAlive(to: HostAddress): void {
    if (this.#dead.size > 0) this.#dead.delete(hostKey(to));
  }

  isDead(to: HostAddress, now: number): boolean {
    if (this.#dead.size === 0) return false;
    const memory = this.#dead.get(hostKey(to));
    return memory !== undefined && memory.until > now;
  }

  /** TLS on this route fails: for ten minutes its sessions begin without, so that not each one fails first. */
  noteClear({ egress, to }: Route, now: number): void {
    this.#clear.set(routeKey(egress.id, to), now + clearMs);
  }

  isClear({ egress, to }: Route, now: number): boolean {
    if (this.#clear.size === 0) return false;
    return (this.#clear.get(routeKey(egress.id, to)) ?? Number.NEGATIVE_INFINITY) > now;
  }

  /** It wants TLS, so it is tried again. */
  forgetClear({ egress, to }: Route): void {
    this.#clear.delete(routeKey(egress.id, to));
  }

  /** Says whether this is news. */
  noteLoginRefused(to: HostAddress, why: string): boolean {
    const key = hostKey(to);
    if (this.#refusedLogins.get(key) === why) return false;
    this.#refusedLogins.set(key, why);
    return true;
  }

  noteLoginTaken(to: HostAddress): void {
    if (this.#refusedLogins.size > 0) this.#refusedLogins.delete(hostKey(to));
  }

  /** An egress came back: what was known of hosts was known through the others. */
  forgetAll(): void {
    this.#dead.clear();
  }
}
