import { evidenceNetwork, type HostAddress, hostKey } from '../../decision/egress/route.ts';
import { Comparison, type ComparisonParts } from './comparison.ts';
import type { EgressEntry } from './egress-entry.ts';
import type { ProbeDepth } from './probe.ts';
import type { ProbeSchedule } from './probe-schedule.ts';
import type { Roster } from './roster.ts';
import type { RouteBlame } from './route-blame.ts';
import type { RouteTimes } from './time-samples.ts';

/** A sign of life so short ago answers the question by itself. */
const freshLifeMs = 50;
/** While one is suspected, a host may be greeted once in so long. */
const suspectPoliteMs = 60_000;
const mostAtOnce = 8;
/** A comparison's result serves those who ask for the same host so long after its start. */
const sharedForMs = 1_000;

type Facts = {
  readonly roster: Roster;
  readonly blame: RouteBlame;
  readonly probes: ProbeSchedule;
  readonly connects: RouteTimes;
  readonly replies: RouteTimes;
};

type Question = {
  readonly entry: EgressEntry;
  readonly others: readonly EgressEntry[];
  readonly site: string;
  readonly to: HostAddress;
};

/**
 * Follows up the first sign that an egress may be dead: compares it with another one at the host in question and, when
 * half the patience is over, at a second witness (or at the same host once more, where no other is known). The evidence
 * that arises goes to the health of both. Bounded: few comparisons at a time, and each host once a second.
 */
export class Suspicion {
  readonly #parts: ComparisonParts;
  readonly #facts: Facts;

  constructor(parts: ComparisonParts, facts: Facts) {
    this.#parts = parts;
    this.#facts = facts;
  }

  /** An established session is silent: is it the link? */
  async silence(entry: EgressEntry, site: string, to: HostAddress): Promise<'answers' | 'silent'> {
    const now = this.#parts.clock.monotonic();
    if (now - entry.lastLifeAt < freshLifeMs) return 'answers';
    const known = entry.comparisons.get(hostKey(to));
    if (known !== undefined && !known.settled) return known.result;
    const greetable = this.#facts.probes.isPolite(to, suspectPoliteMs);
    return this.#compare(this.#question(entry, site, to), greetable ? 'greet' : 'knock', null);
  }

  /** A connect failed, or was overtaken, where `reachedBy` got through; what the route is blamed for already is no news. */
  failure(
    entry: EgressEntry,
    site: string,
    to: HostAddress,
    reach: { readonly reachedBy: string; readonly elsewhereMs: number },
  ): void {
    if (!entry.usable || this.#facts.blame.of(to).has(entry.id)) return;
    const known = entry.comparisons.get(hostKey(to));
    if (known !== undefined && this.#parts.clock.monotonic() - known.startedAt < sharedForMs) return;
    const depth = this.#facts.probes.isPolite(to) ? 'greet' : 'knock';
    void this.#compare(this.#question(entry, site, to), depth, reach);
  }

  #question(entry: EgressEntry, site: string, to: HostAddress): Question {
    return { entry, others: this.#facts.roster.others(entry), site, to };
  }

  #compare(
    question: Question,
    suspectDepth: ProbeDepth,
    reach: { readonly reachedBy: string; readonly elsewhereMs: number } | null,
    isSecond = false,
  ): Promise<'answers' | 'silent'> {
    const { entry, others, site, to } = question;
    const { probes, connects, replies } = this.#facts;
    const { egress } = entry;
    if (egress === null) return Promise.resolve('silent');
    this.#forgetOld(entry);
    const [running] = entry.comparisons.values();
    if (entry.comparisons.size >= mostAtOnce && running !== undefined) return running.result;
    const comparison = new Comparison(this.#parts, {
      suspect: egress,
      suspectDepth,
      other: reach === null ? (others[0]?.egress ?? null) : null,
      otherDepth: probes.isPolite(to) ? 'greet' : 'knock',
      reachedBy: reach?.reachedBy ?? null,
      elsewhereMs: reach?.elsewhereMs ?? null,
      site,
      to,
      p95ConnectMs: connects.p95(entry.id, site),
      p95ReplyMs: replies.p95(entry.id, site),
      timeoutMs: entry.uplink.health.timeoutMs,
      halfway: () => !isSecond && this.#askSecond(question),
      mayGreetAgain: () => probes.isPolite(to, suspectPoliteMs),
    });
    entry.comparisons.set(hostKey(to), comparison);
    return comparison.result;
  }

  /** Asks another host; true where there is none, so that the same one is to be asked again. */
  #askSecond({ entry, others, site, to }: Question): boolean {
    const now = this.#parts.clock.monotonic();
    const network = evidenceNetwork(to.address);
    const independent = (otherSite: string, other: HostAddress): boolean =>
      otherSite !== site && evidenceNetwork(other.address) !== network;
    const witness = this.#facts.probes.secondWitness(entry, independent);
    if (witness === null) return true;
    const known = entry.comparisons.get(hostKey(witness.to));
    if (known === undefined || now - known.startedAt >= sharedForMs)
      void this.#compare({ entry, others, site: witness.site, to: witness.to }, witness.depth, null, true);
    return false;
  }

  /** Those past their full time limit are over. */
  #forgetOld(entry: EgressEntry): void {
    const now = this.#parts.clock.monotonic();
    const lasts = entry.uplink.health.timeoutMs + sharedForMs;
    for (const [key, comparison] of entry.comparisons)
      if (now - comparison.startedAt > lasts) entry.comparisons.delete(key);
  }
}
