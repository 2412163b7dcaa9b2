import {
  type Health,
  type HealthContext,
  type Moment,
  reviewHealth,
  stateOf,
  stepHealth,
} from '../../decision/egress/health.ts';
import type { Observation } from '../../decision/egress/observation.ts';
import type { EventStream } from '../events.ts';
import type { Clock } from '../ports.ts';
import type { EgressBoard } from './egress-board.ts';
import type { EgressEntry } from './egress-entry.ts';
import { healthContext } from './health-context.ts';
import type { KnownHosts } from './known-hosts.ts';
import type { ProbeSchedule } from './probe-schedule.ts';
import type { Roster } from './roster.ts';
import type { Suspicion } from './suspicion.ts';

type Parts = {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly roster: Roster;
  readonly board: EgressBoard;
  readonly hosts: KnownHosts;
  readonly probes: ProbeSchedule;
  readonly suspicion: Suspicion;
  /** False while our own event loop is late. */
  readonly isEvidenceTrusted: () => boolean;
};

/**
 * Keeps the health of each egress. All judgement is `stepHealth`'s; this brings it the facts and acts on its verdicts:
 * what changed is published and told, and the probes follow.
 */
export class HealthKeeper {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What was seen of an egress. */
  step(entry: EgressEntry, observation: Observation): void {
    this.#adopt(entry, stepHealth(entry.health, observation, this.context(entry), this.#moment()));
  }

  /** Something was seen that may settle the doubts about these. */
  review(doubted: readonly EgressEntry[]): void {
    for (const entry of doubted) this.#review(entry);
  }

  context(entry: EgressEntry): HealthContext {
    const { roster, hosts, clock, isEvidenceTrusted } = this.#parts;
    return healthContext(entry, roster, hosts, clock, isEvidenceTrusted());
  }

  /** A doubt that still stands where another egress has reached the host is followed up there. */
  #review(entry: EgressEntry): void {
    const before = entry.health;
    this.#adopt(entry, reviewHealth(before, this.context(entry), this.#moment()));
    const last = entry.health.failures.at(-1);
    if (entry.health !== before || last === undefined || last.probe) return;
    const { hosts, suspicion } = this.#parts;
    const { site, to, startedAt } = last;
    const reachedBy = hosts.reachedElsewhere(entry.id, to, startedAt, Number.POSITIVE_INFINITY);
    if (reachedBy !== null) suspicion.failure(entry, site, to, { reachedBy, elsewhereMs: 0 });
  }

  #adopt(entry: EgressEntry, next: Health): void {
    const before = entry.health;
    if (next === before) return;
    entry.health = next;
    const previous = stateOf(before);
    const state = stateOf(next);
    const shown = state !== previous || next.reason !== before.reason || next.drain !== before.drain;
    if (!shown) return;
    const { board, roster, clock, events, probes } = this.#parts;
    board.publish(roster.all());
    if (state === previous) return;
    entry.tally.countChange(clock.monotonic());
    const view = entry.view();
    events.emit({
      kind: 'egress',
      at: clock.now(),
      id: entry.id,
      uplink: entry.uplink.name,
      state,
      previous,
      reason: view.reason,
    });
    board.tell(view, previous);
    probes.arm(entry, entry.sound ? 'usual' : 'suspect');
    // One that fell can testify no more, and may be what the others waited for.
    if (state === 'down') this.review(roster.othersInDoubt(entry));
  }

  #moment(): Moment {
    const { clock } = this.#parts;
    return { wall: clock.now(), monotonic: clock.monotonic() };
  }
}
