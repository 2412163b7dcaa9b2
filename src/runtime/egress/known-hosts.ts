import { isIP } from 'node:net';
import type { Family } from '../../decision/egress/egress.ts';
import { evidenceNetwork, type HostAddress, hostKey } from '../../decision/egress/route.ts';
import { jsonOf } from '../json-of.ts';

/** What is known of one host address. Instants by egress are monotonic; `answeredAt` is wall time, null: never. */
export type KnownHost = {
  readonly site: string;
  readonly to: HostAddress;
  answeredAt: number | null;
  readonly reached: Map<string, number>;
  readonly failed: Map<string, number>;
  greetedAt: number;
  /** When every egress had failed to reach it. */
  deadAt: number | null;
  /** It takes mail of its own customers, and may block every other egress: no witness, and nobody's target but theirs. */
  ofSmartHost: boolean;
};

const mostHosts = 512;
const mostRemembered = 32;
/** A host that answered within this time is a witness and may be probed. */
const witnessForMs = 24 * 60 * 60_000;
/** Counting witnesses ends here. */
const enoughWitnesses = 4;

/**
 * Which hosts answered or failed through which egress, and when: the witnesses of evidence and the targets of probes.
 * Bounded; a few of those that answered are kept over restarts.
 */
export class KnownHosts {
  readonly #hosts = new Map<string, KnownHost>();
  /** When any host last answered through any egress (monotonic). */
  #lastAnswerAt = Number.NEGATIVE_INFINITY;

  reached(egressId: string, site: string, to: HostAddress, at: number, wall: number): void {
    const host = this.#touch(site, to);
    host.reached.set(egressId, at);
    host.answeredAt = wall;
    host.deadAt = null;
    this.#lastAnswerAt = at;
  }

  /** It is a smart host. */
  noteSmartHost(site: string, to: HostAddress): void {
    this.#touch(site, to).ofSmartHost = true;
  }

  failed(egressId: string, site: string, to: HostAddress, at: number): void {
    this.#touch(site, to).failed.set(egressId, at);
  }

  greeted(site: string, to: HostAddress, at: number): void {
    this.#touch(site, to).greetedAt = at;
  }

  /** When a probe last greeted the host, through any egress. */
  greetedAt(to: HostAddress): number {
    return this.#hosts.get(hostKey(to))?.greetedAt ?? Number.NEGATIVE_INFINITY;
  }

  /** Another egress that reached the host between the two instants. */
  reachedElsewhere(egressId: string, to: HostAddress, from: number, until: number): string | null {
    for (const [other, at] of this.#hosts.get(hostKey(to))?.reached ?? [])
      if (other !== egressId && at >= from && at <= until) return other;
    return null;
  }

  /** Each of `others` has failed to reach the host since `from`, and has not reached it after. */
  unreachedBy(others: readonly string[], to: HostAddress, from: number): boolean {
    const host = this.#hosts.get(hostKey(to));
    return others.every(other => {
      const failedAt = host?.failed.get(other) ?? Number.NEGATIVE_INFINITY;
      return failedAt >= from && failedAt > (host?.reached.get(other) ?? Number.NEGATIVE_INFINITY);
    });
  }

  /** No egress reaches it; it counts as dead from the next answer of any other host on. */
  noteDead(to: HostAddress, at: number): void {
    const host = this.#hosts.get(hostKey(to));
    if (host) host.deadAt ??= at;
  }

  /** `bySmartHost`: for or against an uplink whose smart host it may be. */
  isWitness(to: HostAddress, wall: number, bySmartHost = false): boolean {
    const host = this.#hosts.get(hostKey(to));
    return host !== undefined && host.ofSmartHost === bySmartHost && this.#answers(host, wall);
  }

  /** How many hosts of different sites and networks may testify, counted up to four. */
  witnesses(family: Family, wall: number): number {
    const sites = new Set<string>();
    const networks = new Set<string>();
    let count = 0;
    for (const host of this.#hosts.values()) {
      if (isIP(host.to.address) !== family || !this.#testifies(host, wall)) continue;
      const network = evidenceNetwork(host.to.address);
      if (sites.has(host.site) || networks.has(network)) continue;
      sites.add(host.site);
      networks.add(network);
      count += 1;
      if (count === enoughWitnesses) break;
    }
    return count;
  }

  /** Hosts to probe, those first that answered last. */
  targets(family: Family, wall: number): readonly KnownHost[] {
    return [...this.#hosts.values()]
      .filter(host => isIP(host.to.address) === family && this.#testifies(host, wall))
      .sort((one, other) => (other.answeredAt ?? 0) - (one.answeredAt ?? 0))
      .slice(0, mostRemembered);
  }

  /** An egress is configured no more. */
  forgetEgress(egressId: string): void {
    for (const host of this.#hosts.values()) {
      host.reached.delete(egressId);
      host.failed.delete(egressId);
    }
  }

  /** The latest hosts as JSON text. */
  save(wall: number): string {
    const latest = [...this.targets(4, wall), ...this.targets(6, wall)]
      .sort((one, other) => (other.answeredAt ?? 0) - (one.answeredAt ?? 0))
      .slice(0, mostRemembered);
    return JSON.stringify(latest.map(({ site, to, answeredAt }) => ({ site, ...to, answeredAt })));
  }

  /** Takes what `save` wrote in an earlier life; whatever is not of its form is left out. */
  load(text: string, wall: number): void {
    for (const entry of parsed(text)) {
      if (entry.answeredAt > wall || wall - entry.answeredAt > witnessForMs) continue;
      const { site, host, address, port } = entry;
      this.#touch(site, { host, address, port }).answeredAt = entry.answeredAt;
    }
  }

  #testifies(host: KnownHost, wall: number): boolean {
    return !host.ofSmartHost && this.#answers(host, wall);
  }

  #answers(host: KnownHost, wall: number): boolean {
    if (host.answeredAt === null || wall - host.answeredAt > witnessForMs) return false;
    return host.deadAt === null || host.deadAt >= this.#lastAnswerAt;
  }

  #touch(site: string, to: HostAddress): KnownHost {
    const key = hostKey(to);
    const known = this.#hosts.get(key);
    if (known !== undefined) return known;
    const host: KnownHost = {
      site,
      to,
      answeredAt: null,
      reached: new Map(),
      failed: new Map(),
      greetedAt: Number.NEGATIVE_INFINITY,
      deadAt: null,
      ofSmartHost: false,
    };
    this.#hosts.set(key, host);
    if (this.#hosts.size > mostHosts) this.#forgetOne();
    return host;
  }

  /** Of the eldest entries the one that answered longest ago, so that strangers cannot drive out the known. */
  #forgetOne(): void {
    let worst: readonly [string, number] | null = null;
    let looked = 0;
    for (const [key, host] of this.#hosts) {
      const answeredAt = host.answeredAt ?? -1;
      if (worst === null || answeredAt < worst[1]) worst = [key, answeredAt];
      looked += 1;
      if (answeredAt < 0 || looked === 64) break;
    }
    if (worst !== null) this.#hosts.delete(worst[0]);
  }
}

type Remembered = HostAddress & { readonly site: string; readonly answeredAt: number };

function parsed(text: string): readonly Remembered[] {
  const value = jsonOf(text);
  if (!Array.isArray(value)) return [];
  return value.filter(isRemembered).slice(0, mostRemembered);
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== 'object' || value === null) return false;
  const entry: Partial<Record<keyof Remembered, unknown>> = value;
  return (
    typeof entry.site === 'string' &&
    typeof entry.host === 'string' &&
    typeof entry.address === 'string' &&
    isIP(entry.address) !== 0 &&
    typeof entry.port === 'number' &&
    Number.isInteger(entry.port) &&
    entry.port > 0 &&
    entry.port < 65_536 &&
    typeof entry.answeredAt === 'number'
  );
}
