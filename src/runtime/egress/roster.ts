import type { EgressSetting, UplinkSetting } from '../../decision/egress/egress.ts';
import type { Clock } from '../ports.ts';
import { EgressEntry } from './egress-entry.ts';

/** The configured egresses, and which of them can speak for or about one another. */
export class Roster {
  readonly #clock: Clock;
  readonly #entries = new Map<string, EgressEntry>();
  #uplinks: readonly UplinkSetting[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get uplinks(): readonly UplinkSetting[] {
    return this.#uplinks;
  }

  /** In the order of the configuration. */
  all(): Iterable<EgressEntry> {
    return this.#entries.values();
  }

  get(egressId: string): EgressEntry | undefined {
    return this.#entries.get(egressId);
  }

  ofUplink(name: string): readonly EgressEntry[] {
    return [...this.#entries.values()].filter(entry => entry.uplink.name === name);
  }

  /** Takes a configuration: an egress that stays keeps its entry. Gives those that are configured no more. */
  configure(uplinks: readonly UplinkSetting[]): readonly EgressEntry[] {
    this.#uplinks = uplinks;
    const settings = uplinks.flatMap(uplink => uplink.egresses.map(setting => ({ uplink, setting })));
    const before = new Map(this.#entries);
    this.#entries.clear();
    for (const { uplink, setting } of settings) {
      const entry = before.get(setting.id) ?? new EgressEntry(uplink, setting, this.#clock);
      before.delete(setting.id);
      renew(entry, uplink, setting);
      this.#entries.set(setting.id, entry);
    }
    return [...before.values()];
  }

  /** Some uplink can be used now. */
  anyUsable(): boolean {
    for (const entry of this.#entries.values()) if (entry.usable) return true;
    return false;
  }

  /** Another egress of the family can be used now. */
  hasOthers(entry: EgressEntry): boolean {
    for (const other of this.#entries.values())
      if (other !== entry && other.setting.family === entry.setting.family && other.usable) return true;
    return false;
  }

  /**
   * Other egresses of the family that can be used now and can be compared with it, those first that are surely up. An
   * uplink whose mail goes through a smart host testifies of no other one, and no other one of it.
   */
  others(entry: EgressEntry): readonly EgressEntry[] {
    if (entry.uplink.smartHost !== null) return [];
    const rank = { up: 0, unknown: 1, degraded: 2, down: 3 };
    return [...this.#entries.values()]
      .filter(
        other =>
          other !== entry &&
          other.setting.family === entry.setting.family &&
          other.uplink.smartHost === null &&
          other.usable,
      )
      .sort((one, other) => rank[one.health.state] - rank[other.health.state]);
  }

  /** Other egresses with failures that no verdict was reached on. */
  othersInDoubt(entry: EgressEntry): readonly EgressEntry[] {
    let doubtful: EgressEntry[] | null = null;
    for (const other of this.#entries.values())
      if (other !== entry && other.health.failures.length > 0 && other.health.state !== 'down')
        (doubtful ??= []).push(other);
    return doubtful ?? [];
  }

  noSuchUplink(name: string): { readonly ok: false; readonly error: string } {
    const names = this.#uplinks.map(uplink => uplink.name).join(', ');
    return { ok: false, error: `There is no uplink ${name}; the configuration has ${names}.` };
  }
}

/** What can be bound is made anew from the setting. */
function renew(entry: EgressEntry, uplink: UplinkSetting, setting: EgressSetting): void {
  entry.uplink = uplink;
  entry.setting = setting;
  const source = entry.egress?.source ?? null;
  entry.egress = null;
  entry.bind(source);
}
