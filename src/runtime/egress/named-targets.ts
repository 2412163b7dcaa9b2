import { isIP } from 'node:net';
import type { Family } from '../../decision/egress/egress.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { Clock } from '../ports.ts';

const resolvedForMs = 5 * 60_000;

type Resolved = { readonly at: number; readonly addresses: readonly string[] };

/** The hosts that the operator lets us probe at any rate, `host:port` each; names are looked up and kept for a while. */
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
  of(probe: readonly string[], family: Family): readonly HostAddress[] {
    return probe.flatMap(entry => {
      const target = splitHostPort(entry);
      if (target === null) return [];
      const { host, port } = target;
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

/** `mx.remote.example:25`, `192.0.2.1:25`, `[2001:db8::1]:25`; without a port it is 25. Null: neither. */
export function splitHostPort(entry: string): { readonly host: string; readonly port: number } | null {
  const match =
    /^(?:\[(?<literal>[^\]]+)\]|(?<name>[^:]+)|(?<bare>[0-9a-f:.]+))(?::(?<port>\d{1,5}))?$/i.exec(entry);
  const host = match?.groups?.literal ?? match?.groups?.name ?? match?.groups?.bare;
  const port = Number(match?.groups?.port ?? 25);
  return host === undefined || port < 1 || port > 65_535 ? null : { host: host.toLowerCase(), port };
}
