import { isIP } from 'node:net';
import { BoundedMap } from '../../decision/bounded-map.ts';
import type { UplinkEgress } from '../../decision/egress/egress.ts';
import { seemsToRise } from '../../decision/egress/health.ts';
import type { NetworkErrorKind, Sighting } from '../../decision/egress/observation.ts';
import { type HostAddress, hostKey } from '../../decision/egress/route.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Network, Random } from '../ports.ts';
import type { EgressEntry } from './egress-entry.ts';
import type { KnownHosts } from './known-hosts.ts';
import type { NamedTargets } from './named-targets.ts';
import { Probe, type ProbeDepth } from './probe.ts';

/** A host that is not named in `probe` is greeted at most once in this time while all is sound. */
const politeMs = 10 * 60_000;
/** A degraded egress is watched closely for so long, then at the usual interval until it seems to rise. */
const closelyMs = 30_000;
const soonMs = 500;
const mostAtOnce = 16;
const fewTargets = 4;
const mostConsidered = 8;

type Target = { readonly site: string; readonly to: HostAddress; readonly named: boolean };

type Parts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventStream;
  readonly observe: (egressId: string, sighting: Sighting) => void;
};

/**
 * The regular probes of each egress: `interval` while all is sound and no delivery shows it, `suspect_interval` after a
 * first failure, while down and while proving. Polite: see `politeMs`; where a sound egress has nobody to greet, none is
 * sent, and a suspected one only knocks.
 */
export class ProbeSchedule {
  readonly #parts: Parts;
  readonly #hosts: KnownHosts;
  readonly #named: NamedTargets;
  readonly #running = new Set<Probe>();
  /** Hosts that mail waits for; the latest few. */
  readonly #considered = new BoundedMap<string, Target>(mostConsidered);
  #stopped = false;

  constructor(parts: Parts, hosts: KnownHosts, named: NamedTargets) {
    this.#parts = parts;
    this.#hosts = hosts;
    this.#named = named;
  }

  /** Sets the time of the next probe; one that is due sooner stays. */
  arm(entry: EgressEntry, when: 'soon' | 'usual' | 'suspect'): void {
    if (this.#stopped) return;
    const { clock, random } = this.#parts;
    const { intervalMs, suspectIntervalMs } = entry.uplink.health;
    const wait = {
      soon: Math.min(soonMs, intervalMs) * (0.5 + random.next()),
      usual: intervalMs * (0.9 + 0.2 * random.next()),
      suspect: suspectIntervalMs,
    }[when];
    const due = clock.monotonic() + wait;
    if (entry.probeTimer !== null && entry.probeDueAt <= due) return;
    entry.probeTimer?.cancel();
    entry.probeDueAt = due;
    entry.probeTimer = clock.timer(wait, () => {
      entry.probeTimer = null;
      this.#turn(entry);
      this.arm(entry, this.#closely(entry) ? 'suspect' : 'usual');
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const probe of this.#running) probe.cancel();
  }

  consider(site: string, to: HostAddress): void {
    this.#considered.set(to.address, { site, to, named: false });
  }

  /** May this host be greeted by a routine probe now? */
  isPolite(to: HostAddress, everyMs = politeMs): boolean {
    return this.#parts.clock.monotonic() - this.#hosts.greetedAt(to) >= everyMs;
  }

  targetForTest(entry: EgressEntry): { readonly site: string; readonly to: HostAddress } | null {
    return this.#targets(entry)[0] ?? null;
  }

  /** A host of another site and network than `than` to ask as well, with the depth that politeness allows. */
  secondWitness(
    entry: EgressEntry,
    independent: (site: string, to: HostAddress) => boolean,
  ): { readonly site: string; readonly to: HostAddress; readonly depth: ProbeDepth } | null {
    const others = this.#targets(entry).filter(({ site, to }) => independent(site, to));
    const target = others.find(({ named, to }) => named || this.isPolite(to)) ?? others[0];
    if (target === undefined) return null;
    return { ...target, depth: target.named || this.isPolite(target.to) ? 'greet' : 'knock' };
  }

  #closely(entry: EgressEntry): boolean {
    if (entry.sound) return false;
    const { health } = entry;
    if (health.state !== 'degraded' || seemsToRise(health)) return true;
    return this.#parts.clock.monotonic() - health.sinceAt < closelyMs;
  }

  #turn(entry: EgressEntry): void {
    const { egress } = entry;
    if (egress === null || this.#running.size >= mostAtOnce) return;
    const alive = this.#parts.clock.monotonic() - entry.lastLifeAt < entry.uplink.health.intervalMs / 2;
    if (entry.sound && alive) return;
    const next = this.#next(entry);
    if (next !== null) this.#send(entry, egress, next.target, next.depth);
  }

  #next(entry: EgressEntry): { readonly target: Target; readonly depth: ProbeDepth } | null {
    const all = this.#targets(entry);
    const named = all.filter(target => target.named);
    const targets = entry.sound && named.length > 0 ? named : all;
    const turn = entry.probeTurn++;
    const polite = targets.filter(target => target.named || this.isPolite(target.to));
    const politely = polite[turn % Math.max(1, polite.length)];
    if (entry.sound) return politely === undefined ? null : { target: politely, depth: 'greet' };
    // Down, proving or degraded: each of the few likeliest in turn, and who is greeted counts for nothing.
    if (entry.health.state === 'down' || entry.health.state === 'degraded') {
      const few = targets.slice(0, fewTargets);
      const target = few[turn % Math.max(1, few.length)] ?? this.#lastFailed(entry);
      return target === undefined ? null : { target, depth: 'greet' };
    }
    if (politely !== undefined) return { target: politely, depth: 'greet' };
    const target = targets[turn % Math.max(1, targets.length)];
    return target === undefined ? null : { target, depth: 'knock' };
  }

  #lastFailed(entry: EgressEntry): Target | undefined {
    const failure = entry.health.failures.at(-1);
    return failure === undefined ? undefined : { site: failure.site, to: failure.to, named: false };
  }

  #namedFor(entry: EgressEntry): readonly Target[] {
    return this.#named
      .of(entry.uplink.probe, entry.setting.family)
      .map(to => ({ site: to.host, to, named: true }));
  }

  /** Named hosts first, then those that recently worked, then those that mail waits for. */
  #targets(entry: EgressEntry): readonly Target[] {
    const { family } = entry.setting;
    // Its provider may block every other one.
    if (entry.uplink.smartHost !== null) return this.#namedFor(entry);
    const known = this.#hosts
      .targets(family, this.#parts.clock.now())
      .map(({ site, to }) => ({ site, to, named: false }));
    const considered = entry.usable
      ? []
      : [...this.#considered.values()].filter(({ to }) => isIP(to.address) === family);
    const unique = new Map<string, Target>();
    for (const target of [...this.#namedFor(entry), ...known, ...considered]) {
      const key = hostKey(target.to);
      if (!unique.has(key)) unique.set(key, target);
    }
    return [...unique.values()];
  }

  #send(entry: EgressEntry, egress: UplinkEgress, { site, to }: Target, depth: ProbeDepth): void {
    const { network, clock, events, observe } = this.#parts;
    const emit = (connectMs: number | null, error: NetworkErrorKind | null): void =>
      events.emit({
        kind: 'connect',
        egressId: egress.id,
        site,
        connectMs,
        error,
        hedge: false,
        probe: true,
      });
    const probe: Probe = new Probe(
      { network, clock },
      egress,
      to,
      { depth, timeoutMs: entry.uplink.health.timeoutMs },
      {
        connected: connectMs => {
          emit(connectMs, null);
          // Whether or not its greeting comes in time, it was called.
          if (depth === 'greet') this.#hosts.greeted(site, to, clock.monotonic());
          observe(egress.id, { kind: 'connected', at: clock.monotonic(), site, to, connectMs });
        },
        greeted: () => observe(egress.id, { kind: 'answered', at: clock.monotonic(), site, to, probe: true }),
        failed: (error, waitedMs) => {
          emit(null, error.kind);
          observe(egress.id, {
            kind: 'failed',
            at: clock.monotonic(),
            site,
            to,
            error,
            waitedMs,
            overtaken: false,
            reachedBy: null,
            probe: true,
          });
        },
        over: () => {
          this.#running.delete(probe);
        },
      },
    );
    this.#running.add(probe);
  }
}
