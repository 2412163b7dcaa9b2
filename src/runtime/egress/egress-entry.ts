import type { EgressSetting, UplinkEgress, UplinkSetting } from '../../decision/egress/egress.ts';
import { type Health, newHealth, stateOf } from '../../decision/egress/health.ts';
import type { EgressView, Fitness } from '../../decision/egress/health-state.ts';
import type { Clock, Timer } from '../ports.ts';
import type { Comparison } from './comparison.ts';
import { EgressTally } from './egress-tally.ts';

/** All that the monitor holds of one configured egress. Instants are monotonic. */
export class EgressEntry {
  uplink: UplinkSetting;
  setting: EgressSetting;
  health: Health;
  /** As it can be bound now; null while its address is not on the host. */
  egress: UplinkEgress | null = null;
  lastLifeAt = Number.NEGATIVE_INFINITY;
  readonly tally: EgressTally;
  /** The next regular probe, and when it is due. */
  probeTimer: Timer | null = null;
  probeDueAt = Number.POSITIVE_INFINITY;
  probeTurn = 0;
  drainTimer: Timer | null = null;
  /** What its tests of identity say; the reason is '' while it is fit. */
  fitness: { readonly fit: Fitness; readonly reason: string } = {
    fit: 'unknown',
    reason: 'Its identity was not tested yet.',
  };
  /** Comparisons under way or just over, by host. */
  readonly comparisons = new Map<string, Comparison>();
  /** What the operator was last told of its place on the host. */
  advice = '';

  constructor(uplink: UplinkSetting, setting: EgressSetting, clock: Clock) {
    this.uplink = uplink;
    this.setting = setting;
    this.health = newHealth({ wall: clock.now(), monotonic: clock.monotonic() });
    this.tally = new EgressTally(clock.monotonic());
  }

  get id(): string {
    return this.setting.id;
  }

  /** New mail may leave by it. */
  get usable(): boolean {
    return this.egress !== null && this.health.drain === null && this.health.state !== 'down';
  }

  /** No mail may leave by it until its identity stands. */
  get isHeldBack(): boolean {
    return this.uplink.whenUnfit === 'hold' && this.fitness.fit === 'unfit';
  }

  /** Nothing speaks against it: probes of it must be polite. */
  get sound(): boolean {
    const { state, suspectedAt } = this.health;
    return (state === 'up' || state === 'unknown') && suspectedAt === null;
  }

  /** Takes the address that it has now; true where that changed what can be bound. */
  bind(source: string | null): boolean {
    if (source === (this.egress?.source ?? null)) return false;
    const { id, uplink, family, ehlo, publicAddress } = this.setting;
    this.egress =
      source === null
        ? null
        : { kind: 'uplink', id, uplink, family, source, publicAddress: publicAddress ?? source, ehlo };
    return true;
  }

  view(): EgressView {
    const { health, uplink, setting } = this;
    return {
      id: setting.id,
      uplink: uplink.name,
      state: stateOf(health),
      since: health.drain?.since ?? health.since,
      reason: health.drain?.reason ?? health.reason,
      fit: this.fitness.fit,
      preference: uplink.preference,
      weight: uplink.weight,
      egress: this.egress,
      family: setting.family,
      whenUnfit: uplink.whenUnfit,
      warmShare: uplink.warmShare,
      ...(this.fitness.fit === 'unfit' ? { unfitReason: this.fitness.reason } : {}),
      ...(uplink.smartHost === null ? {} : { viaSmartHost: true }),
    };
  }

  stop(): void {
    this.probeTimer?.cancel();
    this.drainTimer?.cancel();
    for (const comparison of this.comparisons.values()) comparison.cancel();
    this.comparisons.clear();
  }
}
