import type { Sighting } from '../../decision/egress/observation.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
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
  readonly observe: (egressId: string, sighting: Sighting) => void;
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

  async #test(entry: EgressEntry): Promise<EgressTest> {
    const { egress, setting, uplink } = entry;
    if (egress === null)
      return untested(entry.id, setting.address, `It cannot be tried: ${entry.health.reason}.`);
    const target = this.#parts.probes.targetForTest(entry);
    if (target === null)
      return untested(
        entry.id,
        egress.source,
        `No mail host is known to call yet: name one in "probe" of uplink ${uplink.name}.`,
      );
    const test = await testEgress(this.#parts, egress, target.to, uplink.health.timeoutMs);
    this.#observeLife(test, target);
    return test;
  }

  /** Whatever shows that the egress lives counts, whoever asked for it; a failure here is followed up by the probes. */
  #observeLife(test: EgressTest, { site, to }: { readonly site: string; readonly to: HostAddress }): void {
    const { clock, observe } = this.#parts;
    const at = clock.monotonic();
    const passed = (name: string): EgressTest['steps'][number] | undefined =>
      test.steps.find(({ step, ok }) => step === name && ok);
    const connect = passed('connect');
    if (connect !== undefined)
      observe(test.egress, { kind: 'connected', at, site, to, connectMs: connect.elapsedMs });
    if (passed('greeting') !== undefined)
      observe(test.egress, { kind: 'answered', at, site, to, probe: true });
  }
}
