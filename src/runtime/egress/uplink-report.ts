import type { UplinkSetting } from '../../decision/egress/egress.ts';
import type { EgressState } from '../../decision/egress/health-state.ts';
import type { EgressReport, UplinkReport } from '../gateway-control.ts';
import type { EgressEntry } from './egress-entry.ts';
import type { TimeSamples } from './time-samples.ts';

const rank: Readonly<Record<EgressState, number>> = { up: 0, unknown: 1, degraded: 2, drained: 3, down: 4 };

/** What people see of one uplink: it is as good as its best egress. `now` is monotonic. */
export function uplinkReport(
  uplink: UplinkSetting,
  entries: readonly EgressEntry[],
  connects: (egressId: string) => TimeSamples | null,
  now: number,
): UplinkReport {
  const egresses = entries.map(entry => egressReport(entry, connects(entry.id), now));
  const best = egresses.toSorted((one, other) => rank[one.state] - rank[other.state])[0];
  return {
    name: uplink.name,
    state: best?.state ?? 'down',
    since: best?.since ?? 0,
    reason: best?.reason ?? 'it has no source address',
    preference: uplink.preference,
    egresses,
  };
}

function egressReport(entry: EgressEntry, connects: TimeSamples | null, now: number): EgressReport {
  const view = entry.view();
  const source = view.egress?.source ?? entry.setting.address;
  return {
    id: view.id,
    source,
    public: view.egress?.publicAddress ?? entry.setting.publicAddress ?? source,
    ehlo: entry.setting.ehlo,
    state: view.state,
    since: view.since,
    reason: view.reason,
    fit: view.fit,
    fitReason: entry.fitness.reason,
    changes24h: entry.tally.changes24h(now),
    sent: entry.tally.sent,
    failed: entry.tally.failed,
    ratePerS: entry.tally.ratePerS(now),
    connectMs: { p50: rounded(connects?.percentile(0.5)), p99: rounded(connects?.percentile(0.99)) },
  };
}

function rounded(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Math.round(ms * 10) / 10;
}
