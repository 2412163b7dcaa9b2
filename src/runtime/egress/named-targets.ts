import { isIP } from 'node:net';
import type { Family, MailServer } from '../../decision/egress/egress.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { Clock } from '../ports.ts';

const resolvedForMs = 5 * 60_000;

type Resolved = { readonly at: number; readonly addresses: readonly string[] };

/** The mail servers that the operator lets us probe at any rate; names are looked up and kept for a while. */
export class NamedTargets {
  readonly #clock: Clock;
  readonly #resolve: (name: string) => Promise<readonly string[]>;
  readonly #resolved = new Map<string, Resolved>();
  readonly #pending = new Set<string>();

  constructor(clock: Clock, resolve: (name: string) => Promise<readonly string[]>) {
    this.#clock = clock;
    this.#resolve = resolve;
  }

  /** Those of this family that are known now; a name not looked up yet comes with a later call. */
  of(servers: readonly MailServer[], family: Family): readonly HostAddress[] {
    return servers.flatMap(({ host, port }) => {
      const addresses = isIP(host) === 0 ? this.#lookUp(host) : [host];
      const address = addresses.find(candidate => isIP(candidate) === family);
      return address === undefined ? [] : [{ host, address, port }];
    });
  }

  #lookUp(name: string): readonly string[] {
    const known = this.#resolved.get(name);
    const now = this.#clock.monotonic();
    if (known === undefined || now - known.at > resolvedForMs) void this.#refresh(name, now);
    return known?.addresses ?? [];
  }

  async #refresh(name: string, now: number): Promise<void> {
    if (this.#pending.has(name)) return;
    this.#pending.add(name);
    const addresses = await this.#resolve(name);
    this.#pending.delete(name);
    // Where the name service is silent, what was known serves on.
    const kept = addresses.length > 0 ? addresses : (this.#resolved.get(name)?.addresses ?? []);
    if (kept.length > 0) this.#resolved.set(name, { at: now, addresses: kept });
  }
}
