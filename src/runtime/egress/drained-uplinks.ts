import type { Observation } from '../../decision/egress/observation.ts';
import type { Clock } from '../ports.ts';
import type { Drain, Drains } from './drains.ts';
import type { EgressEntry } from './egress-entry.ts';

/** Timers count to 24 days at most: a longer drain is looked at again. */
const longestTimerMs = 2 ** 31 - 1;

type Parts = {
  readonly clock: Clock;
  readonly drains: Drains;
  readonly entriesOf: (uplink: string) => readonly EgressEntry[];
  readonly step: (entry: EgressEntry, observation: Observation) => void;
};

/** Takes uplinks out of use by hand and back, by hand or when their time is over; kept over restarts. */
export class DrainedUplinks {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Null ends the drain. The error says why it was not kept. */
  async set(uplink: string, drain: Drain | null): Promise<string | null> {
    const { drains, entriesOf } = this.#parts;
    for (const entry of entriesOf(uplink)) this.#apply(entry, drain);
    return drains.set(uplink, drain);
  }

  /** The egress is new, or its uplink has changed: what holds for the uplink holds for it. */
  adopt(entry: EgressEntry): void {
    this.#apply(entry, this.#parts.drains.of(entry.uplink.name));
  }

  #apply(entry: EgressEntry, drain: Drain | null): void {
    const { clock, step } = this.#parts;
    entry.drainTimer?.cancel();
    entry.drainTimer = null;
    const at = clock.monotonic();
    if (drain === null) {
      if (entry.health.drain !== null) step(entry, { kind: 'resumed', at });
      return;
    }
    const { since, reason, until } = drain;
    step(entry, { kind: 'drained', at, since, reason, until });
    if (until === null) return;
    entry.drainTimer = clock.timer(Math.min(longestTimerMs, Math.max(0, until - clock.now())), () => {
      if (clock.now() >= until) void this.set(entry.uplink.name, null);
      else this.#apply(entry, drain);
    });
  }
}
