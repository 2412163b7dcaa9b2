import type { EgressSnapshot, EgressState, EgressView } from '../../decision/egress/health-state.ts';
import type { Sighting } from '../../decision/egress/observation.ts';
import type { HostAddress, Route } from '../../decision/egress/route.ts';
import type { NextHop } from '../../decision/next-hop/next-hop.ts';
import type { Outage } from '../../decision/queue/queued.ts';

/** What delivery asks of the monitor of egresses, and tells it. Durations in ms. */
export interface EgressGuide {
  snapshot(): EgressSnapshot;
  observe(egressId: string, sighting: Sighting): void;
  /** Gives the way to stop listening. */
  onChange(listener: (view: EgressView, previous: EgressState) => void): () => void;
  /** How long the preferred egress may connect alone before the next starts beside it. */
  headStartMs(egressId: string, site: string): number;
  /** Silence of a session past this is suspicious. */
  expectedReplyMs(egressId: string, site: string): number;
  recordReply(egressId: string, site: string, elapsedMs: number): void;
  penalise(route: Route, reason: string): void;
  /** Egress IDs that should come last to this host, with the reason. */
  penalties(to: HostAddress): ReadonlyMap<string, string>;
  /**
   * Probes now: is it the link, or only a slow receiver? `dueAt` (monotonic): when the answer should have come; a link
   * that lived after it is acquitted without a probe.
   */
  suspect(egressId: string, site: string, to: HostAddress, dueAt?: number): Promise<'answers' | 'silent'>;
  /** Mail waits for this host and no uplink can be used: its answer to a probe may end the wait. */
  consider(site: string, to: HostAddress): void;
  /** False while our own event loop is late, so that silence proves nothing. */
  isEvidenceTrusted(): boolean;
  anyUsable(): boolean;
}

/** Where a domain's mail goes. */
export interface NextHopSource {
  find(domain: string): Promise<NextHop>;
}

/** The times in which no uplink was up, oldest first. */
export interface OutageSource {
  readonly outages: readonly Outage[];
}
