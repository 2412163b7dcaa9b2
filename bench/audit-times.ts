import { type AuditPlan, runAudit } from '../test/simulation/audit-world.ts';

export const roundTripMs = 50;
const everyMs = 30_000;

/** How long one audit took, in simulated ms, beside its critical path and its limit. */
export type AuditTime = {
  readonly audit: string;
  readonly path_ms: number;
  readonly took_ms: number;
  readonly limit_ms: number;
};

/**
 * How near a complete audit comes to its critical path, on the simulated network, so that the times are exact: every
 * answer of DNS and every round trip takes 50 ms, TLS 1.3 one of them.
 *
 * From outside the path is nine round trips: two of DNS, then connect, greeting, EHLO, STARTTLS, the handshake, EHLO and
 * the envelope. With the configuration nobody need ask DNS first, and seven are left, beside which the listeners are put
 * to both traps (docs/adr/0012).
 */
export async function measureAudits(): Promise<AuditTime[]> {
  const near = { latencyMs: roundTripMs / 2 };
  const outside = 9 * roundTripMs;
  const inside = 7 * roundTripMs;
  return [
    await measure('from outside', outside, 1.3 * outside, near),
    await measure('with the configuration, and traps', inside, 1.3 * inside, { ...near, configured: true }),
    await measure('one silent resolver, one greeting after 10 s', 10_000 + outside, 12_000, {
      ...near,
      silentResolver: true,
      mx2: { greetingDelayMs: 10_000 },
    }),
  ];
}

async function measure(audit: string, pathMs: number, limitMs: number, plan: AuditPlan): Promise<AuditTime> {
  const { elapsedMs } = await runAudit({ timeoutMs: everyMs, tls: true, ...plan });
  return { audit, path_ms: pathMs, took_ms: Math.round(elapsedMs), limit_ms: Math.round(limitMs) };
}
