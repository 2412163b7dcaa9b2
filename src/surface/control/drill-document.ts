import type { DrillProgress, DrillReport } from '../../runtime/gateway-control.ts';
import { type EgressTestDocument, egressTestDocument, tenth } from './documents.ts';

type Percentiles = { readonly p50: number | null; readonly p99: number | null };

/** What `uplinks drill --json` prints. */
export type DrillDocument = {
  readonly uplink: string;
  readonly usual: string;
  readonly verdict: 'carries' | 'harm' | 'no_mail';
  readonly reason: string;
  readonly ran_ms: number;
  readonly stopped: string | null;
  readonly sent: number;
  readonly deferred: number;
  readonly refused: number;
  readonly unreached: number;
  readonly connect_ms: Percentiles;
  readonly usual_connect_ms: Percentiles;
  readonly delivery_ms: Percentiles;
  readonly usual_delivery_ms: Percentiles;
  readonly identity: readonly { readonly egress: string; readonly fit: string; readonly reason: string }[];
  readonly tests: readonly EgressTestDocument[];
};

/** What comes over the control socket: how far it is, and at the end the report. */
export type DrillAnswer = { readonly progress: DrillProgressDocument } | { readonly report: DrillDocument };

export type DrillProgressDocument = {
  readonly uplink: string;
  readonly ran_ms: number;
  readonly sent: number;
  readonly deferred: number;
  readonly refused: number;
  readonly unreached: number;
};

export function drillProgressDocument(progress: DrillProgress): DrillProgressDocument {
  const { uplink, ranMs, sent, deferred, refused, unreached } = progress;
  return { uplink, ran_ms: Math.round(ranMs), sent, deferred, refused, unreached };
}

export function drillDocument(report: DrillReport): DrillDocument {
  const { uplink, usual, verdict, reason, stopped, sent, deferred, refused, unreached, identity } = report;
  return {
    uplink,
    usual,
    verdict,
    reason,
    ran_ms: report.ranMs,
    stopped,
    sent,
    deferred,
    refused,
    unreached,
    connect_ms: percentiles(report.connectMs),
    usual_connect_ms: percentiles(report.usualConnectMs),
    delivery_ms: percentiles(report.deliveryMs),
    usual_delivery_ms: percentiles(report.usualDeliveryMs),
    identity,
    tests: report.tests.map(egressTestDocument),
  };
}

function percentiles({ p50, p99 }: Percentiles): Percentiles {
  return { p50: tenth(p50), p99: tenth(p99) };
}
