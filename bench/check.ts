/**
 * How near a complete audit comes to its critical path, on the simulated network, so that the times are exact: every
 * answer of DNS and every round trip takes 50 ms, TLS 1.3 one of them.
 *
 *   npm run bench:check [-- --json]
 *
 * From outside the path is nine round trips: two of DNS, then connect, greeting, EHLO, STARTTLS, the handshake, EHLO and
 * the envelope. With the configuration nobody need ask DNS first, and seven are left, beside which the listeners are put
 * to both traps (docs/adr/0012). Exits with 1 above the limits.
 */
import { parseArgs } from 'node:util';
import { type AuditPlan, runAudit } from '../test/simulation/audit-world.ts';

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

const roundTripMs = 50;
const everyMs = 30_000;

type Row = {
  readonly audit: string;
  readonly path_ms: number;
  readonly took_ms: number;
  readonly limit_ms: number;
};

async function measure(audit: string, pathMs: number, limitMs: number, plan: AuditPlan): Promise<Row> {
  const { elapsedMs } = await runAudit({ timeoutMs: everyMs, tls: true, ...plan });
  return { audit, path_ms: pathMs, took_ms: Math.round(elapsedMs), limit_ms: Math.round(limitMs) };
}

const near = { latencyMs: roundTripMs / 2 };
const outside = 9 * roundTripMs;
const inside = 7 * roundTripMs;
const rows = [
  await measure('from outside', outside, 1.3 * outside, near),
  await measure('with the configuration, and traps', inside, 1.3 * inside, { ...near, configured: true }),
  await measure('one silent resolver, one greeting after 10 s', 10_000 + outside, 12_000, {
    ...near,
    silentResolver: true,
    mx2: { greetingDelayMs: 10_000 },
  }),
];

if (options.json) process.stdout.write(`${JSON.stringify({ round_trip_ms: roundTripMs, audits: rows })}\n`);
else {
  console.table(rows);
  process.stdout.write('Simulated milliseconds; took must not be above limit.\n');
}
if (rows.some(({ took_ms, limit_ms }) => took_ms > limit_ms)) process.exitCode = 1;
