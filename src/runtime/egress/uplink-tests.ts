import type { EgressTest } from '../gateway-control.ts';
import type { Clock, Network, Result } from '../ports.ts';
import type { EgressEntry } from './egress-entry.ts';
import { testEgress, untested } from './egress-test.ts';
import type { ProbeSchedule } from './probe-schedule.ts';
import type { Roster } from './roster.ts';

type Parts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly roster: Roster;
  readonly probes: ProbeSchedule;
};

/** Connect, greeting and EHLO through each egress of an uplink, on the operator's word. */
export class UplinkTests {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The error tells that there is no such uplink. */
  async run(name: string): Promise<Result<readonly EgressTest[], string>> {
    const { roster } = this.#parts;
    const entries = roster.ofUplink(name);
    if (entries.length === 0) return roster.noSuchUplink(name);
    return { ok: true, value: await Promise.all(entries.map(entry => this.#test(entry))) };
  }

  #test(entry: EgressEntry): Promise<EgressTest> {
    const { egress, setting, uplink } = entry;
    if (egress === null)
      return Promise.resolve(
        untested(entry.id, setting.address, `It cannot be tried: ${entry.health.reason}.`),
      );
    const target = this.#parts.probes.targetForTest(entry);
    if (target === null)
      return Promise.resolve(
        untested(
          entry.id,
          egress.source,
          `No mail host is known to call yet: name one in "probe" of uplink ${uplink.name}.`,
        ),
      );
    return testEgress(this.#parts, egress, target, uplink.health.timeoutMs);
  }
}
