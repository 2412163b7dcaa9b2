import assert from 'node:assert/strict';
import test from 'node:test';
import { catalogue } from '../../src/decision/audit/catalogue.ts';
import type { AuditFacts } from '../../src/decision/audit/facts.ts';
import { judge } from '../../src/decision/audit/judge.ts';
import type { Connection } from '../../src/runtime/ports.ts';
import { reportText } from '../../src/surface/report/text.ts';
import { type AuditPlan, layoutZone, runAudit } from './audit-world.ts';
import type { SimClock } from './sim-clock.ts';

const told = (facts: AuditFacts): string[] =>
  judge(facts, catalogue).findings.map(({ level, id, subject }) => `${level} ${id} ${subject.name ?? ''}`);

/** Whatever the world does: the audit ends in time, and the report can be printed. */
async function endure(plan: AuditPlan, limitMs = 30_600): Promise<{ facts: AuditFacts; verdict: string }> {
  const { facts, elapsedMs } = await runAudit(plan);
  assert.ok(elapsedMs <= limitMs, `it took ${elapsedMs} ms`);
  const report = judge(facts, catalogue);
  assert.ok(reportText(facts, report, false).length > 0);
  return { facts, verdict: report.verdict };
}

const says =
  (text: string | Buffer) =>
  (connection: Connection): void => {
    quietly(connection);
    connection.write([Buffer.from(text)]);
  };

function quietly(connection: Connection): void {
  connection.handle({ data() {}, drained() {}, closed() {} });
}

/** A byte a second, for good. */
function drips(connection: Connection, clock: SimClock): void {
  let gone = false;
  connection.handle({ data() {}, drained() {}, closed: () => (gone = true) });
  const drip = (): void => {
    if (gone) return;
    connection.write([Buffer.from('2')]);
    clock.timer(1_000, drip);
  };
  drip();
}

const garbage: readonly (readonly [string, AuditPlan['raw2'], string])[] = [
  ['SSH', says('SSH-2.0-OpenSSH_9.2\r\n'), 'error GREETING-NOT-220 mx2.example.com'],
  ['bytes at random', says(Buffer.alloc(5_000, 0xfe)), 'error GREETING-NOT-220 mx2.example.com'],
  ['a line without an end', says('220 '.padEnd(9_000, 'x')), 'error GREETING-NOT-220 mx2.example.com'],
  ['lines without an end', says('220-x\r\n'.repeat(500)), 'error GREETING-NOT-220 mx2.example.com'],
  ['nothing, and hangs up', connection => connection.destroy(), 'error GREETING-NOT-220 mx2.example.com'],
  ['nothing, for good', quietly, 'warning GREETING-SLOW mx2.example.com'],
  ['a byte a second', drips, 'warning GREETING-SLOW mx2.example.com'],
];
for (const [sentence, raw2, expected] of garbage)
  test(`audit, bad input: a host that greets with ${sentence}`, async () => {
    const { facts } = await endure(raw2 === undefined ? {} : { raw2 });
    assert.ok(told(facts).includes(expected), told(facts).join('\n'));
    assert.ok(!told(facts).some(line => /^(error|warning) (TLS|CERT)-.* mx2/.test(line)));
  });

test('audit, bad input: SERVFAIL to everything makes the verdict unknown, and no fault', async () => {
  const { facts, verdict } = await endure({ names: { servfail: true } });
  assert.equal(verdict, 'unknown');
  assert.deepEqual(
    told(facts).filter(line => /^(error|warning)/.test(line)),
    [],
  );
});

test('audit, bad input: answers that never come make the verdict unknown, and no fault', async () => {
  const { facts, verdict } = await endure({ names: { silent: true } });
  assert.equal(verdict, 'unknown');
  assert.deepEqual(
    told(facts).filter(line => /^(error|warning)/.test(line)),
    [],
  );
});

test('audit, bad input: a check that has no time says what it does not know', async () => {
  const { verdict } = await endure({ names: { silent: true }, timeoutMs: 1 }, 1_000);
  assert.equal(verdict, 'unknown');
});

test('audit, bad input: an MX whose aliases run in a circle', async () => {
  const { 'mx2.example.com A': _address, ...rest } = layoutZone;
  const zone = {
    ...rest,
    'mx2.example.com CNAME': ['round.example.com'],
    'round.example.com CNAME': ['mx2.example.com'],
  };
  const { facts } = await endure({ zone });
  assert.ok(told(facts).includes('error MX-UNRESOLVED mx2.example.com'), told(facts).join('\n'));
});

const circles: readonly (readonly [string, Record<string, readonly string[]>])[] = [
  ['include', { 'example.com TXT': ['v=spf1 include:example.com -all'] }],
  [
    'redirect',
    { 'example.com TXT': ['v=spf1 redirect=b.example'], 'b.example TXT': ['v=spf1 redirect=example.com'] },
  ],
  [
    'names that macros make longer and longer',
    { 'example.com TXT': ['v=spf1 include:%{d}.example.com -all'] },
  ],
];
for (const [sentence, records] of circles)
  test(`audit, bad input: SPF in a circle, by ${sentence}`, async () => {
    const { facts, verdict } = await endure({ zone: { ...layoutZone, ...records } });
    assert.equal(verdict, 'error');
    assert.ok(
      told(facts).some(line => /^error (SPF|EGRESS-SPF)/.test(line)),
      told(facts).join('\n'),
    );
  });

test('audit, bad input: 60 KiB of texts come by TCP and are read', async () => {
  const spf = layoutZone['example.com TXT'] ?? [];
  const texts = Array.from({ length: 240 }, (_none, place) => `${place} `.padEnd(240, 'x'));
  const { facts } = await endure({ zone: { ...layoutZone, 'example.com TXT': [...texts, ...spf] } });
  assert.ok(told(facts).includes('pass SPF-NONE example.com'));
  assert.ok(told(facts).includes('notice SPF-LONG example.com'), told(facts).join('\n'));
});

test('audit, bad input: a hundred MX records and a name of 253 letters', async () => {
  const long = `${'a'.repeat(60)}.`.repeat(4).slice(0, 241);
  const zone = {
    ...layoutZone,
    'example.com MX': Array.from({ length: 100 }, (_none, place) => `${place} mx${place}.${long}`),
  };
  const { verdict } = await endure({ zone });
  assert.equal(verdict, 'error');
});
