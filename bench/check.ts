/**
 * How near a complete audit comes to its critical path, see `audit-times.ts`. Exits with 1 above the limits.
 *
 *   npm run bench:check [-- --json]
 */
import { parseArgs } from 'node:util';
import { measureAudits, roundTripMs } from './audit-times.ts';

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

const rows = await measureAudits();
if (options.json) process.stdout.write(`${JSON.stringify({ round_trip_ms: roundTripMs, audits: rows })}\n`);
else {
  console.table(rows);
  process.stdout.write('Simulated milliseconds; took must not be above limit.\n');
}
if (rows.some(({ took_ms, limit_ms }) => took_ms > limit_ms)) process.exitCode = 1;
