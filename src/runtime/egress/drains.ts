import { jsonOf } from '../json-of.ts';
import type { QueueStore } from '../ports.ts';

const key = 'egress.drains';

/** An uplink taken out of use by hand; `since` and `until` are wall ms, `until` null: until resumed. */
export type Drain = { readonly since: number; readonly until: number | null; readonly reason: string };

/** The drained uplinks by name, kept over restarts. */
export class Drains {
  readonly #store: Pick<QueueStore, 'remember' | 'recall'>;
  #drains: ReadonlyMap<string, Drain> = new Map();

  constructor(store: Pick<QueueStore, 'remember' | 'recall'>) {
    this.#store = store;
  }

  /** Reads what an earlier life kept; what is over or not of its form is left out. */
  async load(now: number): Promise<void> {
    const stored = await this.#store.recall(key);
    if (!stored.ok || stored.value === null) return;
    this.#drains = new Map(
      Object.entries(jsonOf(stored.value) ?? {}).flatMap(([uplink, drain]) =>
        isDrain(drain) && (drain.until === null || drain.until > now) ? [[uplink, drain] as const] : [],
      ),
    );
  }

  of(uplink: string): Drain | null {
    return this.#drains.get(uplink) ?? null;
  }

  /** Null ends it. The error says why it was not kept. */
  async set(uplink: string, drain: Drain | null): Promise<string | null> {
    const next = new Map(this.#drains);
    if (drain === null) next.delete(uplink);
    else next.set(uplink, drain);
    this.#drains = next;
    const kept = await this.#store.remember(key, JSON.stringify(Object.fromEntries(next)));
    return kept.ok ? null : kept.error.message;
  }
}

function isDrain(value: unknown): value is Drain {
  if (typeof value !== 'object' || value === null) return false;
  const drain: Partial<Record<keyof Drain, unknown>> = value;
  return (
    typeof drain.since === 'number' &&
    (drain.until === null || typeof drain.until === 'number') &&
    typeof drain.reason === 'string'
  );
}
