import { nextSpare, whySkipped } from '../../decision/egress/drill-plan.ts';
import type { DrillSetting } from '../../decision/egress/egress.ts';
import type { EventStream } from '../events.ts';
import type { DrillReport, UplinkReport } from '../gateway-control.ts';
import { jsonOf } from '../json-of.ts';
import type { Clock, QueueStore, Timer } from '../ports.ts';
import type { Drills } from './drills.ts';

const key = 'drill.last';
/** Timers are set no longer, for the wall clock may jump. */
const longestWaitMs = 60 * 60_000;
/** After a start the uplinks have to show themselves first. */
const settleMs = 60_000;

/** `at` is wall ms; `uplink` null: none was drilled yet, and the time of the first one is counted from `at`. */
type Last = { readonly at: number; readonly uplink: string | null };

type Parts = {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly drills: Drills;
  readonly reports: () => readonly UplinkReport[];
  readonly remember: QueueStore['remember'];
  readonly recall: QueueStore['recall'];
};

/**
 * Drills as the configuration wants them: each spare in turn, the first one a period after the first start. When the last
 * one was is kept over restarts, so that none is repeated or missed for them. The operator is told how each went, and why
 * one was left out.
 */
export class DrillSchedule {
  readonly #parts: Parts;
  readonly #over = new AbortController();
  #setting: DrillSetting | null = null;
  #last: Last | null = null;
  #timer: Timer | null = null;
  readonly #states = new Map<string, string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async start(setting: DrillSetting | null): Promise<void> {
    const stored = await this.#parts.recall(key);
    this.#last = stored.ok && stored.value !== null ? parsed(stored.value) : null;
    await this.reload(setting);
  }

  async reload(setting: DrillSetting | null): Promise<void> {
    this.#setting = setting;
    this.#timer?.cancel();
    if (setting === null || this.#over.signal.aborted) return;
    if (this.#last === null) await this.#note(null);
    this.#arm();
  }

  stop(): void {
    this.#over.abort();
    this.#timer?.cancel();
  }

  #arm(): void {
    const setting = this.#setting;
    if (setting === null || this.#last === null || this.#over.signal.aborted) return;
    const { clock } = this.#parts;
    const wait = this.#last.at + setting.everyMs - clock.now();
    this.#timer?.cancel();
    this.#timer = clock.timer(Math.min(longestWaitMs, Math.max(settleMs, wait)), () => {
      if (wait <= longestWaitMs) void this.#drill(setting);
      else this.#arm();
    });
  }

  async #drill(setting: DrillSetting): Promise<void> {
    const { reports, drills } = this.#parts;
    const spare = nextSpare(reports(), this.#last?.uplink ?? null);
    // Noted before, so that a drill that ends with us is not begun again at each start.
    await this.#note(spare);
    if (spare !== null) {
      const skipped =
        whySkipped(reports(), spare) ?? (drills.isRunning ? 'A drill by hand is under way.' : null);
      if (skipped !== null) this.#tell(spare, 'skipped', `The drill of ${spare} was left out: ${skipped}`);
      else await this.#run(spare, setting);
    }
    this.#arm();
  }

  async #run(spare: string, { forMs }: DrillSetting): Promise<void> {
    const report = await this.#parts.drills.run(spare, forMs, () => undefined, this.#over.signal);
    if (this.#over.signal.aborted) return;
    if (report.ok) this.#tell(spare, report.value.verdict, report.value.reason);
    else this.#tell(spare, 'skipped', report.error);
  }

  async #note(uplink: string | null): Promise<void> {
    this.#last = { at: this.#parts.clock.now(), uplink };
    await this.#parts.remember(key, JSON.stringify(this.#last));
  }

  #tell(uplink: string, state: DrillReport['verdict'] | 'skipped', reason: string): void {
    const { clock, events } = this.#parts;
    const at = clock.now();
    const previous = this.#states.get(uplink) ?? 'unknown';
    this.#states.set(uplink, state);
    events.emit({
      kind: 'condition',
      at,
      condition: { kind: 'drill', subject: uplink, uplink, state, previous, since: at, reason },
    });
  }
}

function parsed(text: string): Last | null {
  const value = jsonOf(text);
  if (typeof value !== 'object' || value === null) return null;
  const last: Partial<Record<keyof Last, unknown>> = value;
  if (typeof last.at !== 'number') return null;
  return { at: last.at, uplink: typeof last.uplink === 'string' ? last.uplink : null };
}
