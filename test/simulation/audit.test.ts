import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogue } from '../../src/decision/audit/catalogue.ts';
import type { AuditFacts } from '../../src/decision/audit/facts.ts';
import { judge } from '../../src/decision/audit/judge.ts';
import { layoutZone, runAudit } from './audit-world.ts';

const told = (facts: AuditFacts, ...levels: string[]): string[] =>
  judge(facts, catalogue)
    .findings.filter(({ level }) => levels.includes(level))
    .map(({ level, id, subject }) => `${level} ${id} ${subject.name ?? ''}`);

test('an audit of the sound layout finds no fault but what its mail hosts do', async () => {
  const { facts } = await runAudit({});
  // The receivers of the world speak no TLS by default, and take every mailbox.
  assert.deepEqual(told(facts, 'error', 'warning').toSorted(), [
    'warning SMTP-UNKNOWN-RCPT mx1.example.com',
    'warning SMTP-UNKNOWN-RCPT mx2.example.com',
    'warning TLS-NONE mx1.example.com',
    'warning TLS-NONE mx2.example.com',
  ]);
});

/** What differs between any two audits, whatever they look at. */
const times = new Set(['startedAt', 'greetedAt', 'elapsedMs', 'connectMs', 'ttlS']);
const written = (facts: AuditFacts): string =>
  JSON.stringify(facts, (key, value: unknown) => (times.has(key) ? 0 : value), 1);

test('two audits of one world write the same, in whatever order it answered', async () => {
  const zone = {
    ...layoutZone,
    'example.com MX': ['10 mx1.example.com', '10 mx2.example.com', '9 mx1.example.com'],
    'example.com NS': ['ns1.example.net', 'ns2.example.net'],
    'ns2.example.net A': layoutZone['ns1.example.net A'] ?? [],
    'example.com TXT': ['a site of somebody', 'v=spf1 a:mail.example.com a:mail2.example.com -all'],
    'mx1.example.com A': ['198.51.100.9', '198.51.100.30'],
    '30.100.51.198.in-addr.arpa PTR': ['mail.example.com', 'mx1.example.com'],
  };
  const turned = Object.fromEntries(Object.entries(zone).map(([key, values]) => [key, values.toReversed()]));
  const late = { greetingDelayMs: 3_000 };
  const one = await runAudit({ zone, mx1: late, configured: true, byUplinks: { isp1: { latencyMs: 90 } } });
  const other = await runAudit({
    zone: turned,
    mx2: late,
    configured: true,
    byUplinks: { isp2: { latencyMs: 90 } },
  });
  assert.equal(written(one.facts), written(other.facts));
});

test('an audit speaks once with each address, politely', async () => {
  const { calls, facts } = await runAudit({});
  assert.deepEqual(calls.toSorted(), [
    'mx1.example.com from 192.0.2.200',
    'mx2.example.com from 192.0.2.200',
  ]);
  assert.deepEqual(
    facts.conversations.map(({ stopped }) => stopped),
    [null, null],
  );
});

test('a silent resolver and a host that greets after ten seconds cost twelve seconds, and nothing is guessed', async () => {
  const { facts, elapsedMs } = await runAudit({ silentResolver: true, mx2: { greetingDelayMs: 10_000 } });
  assert.ok(elapsedMs < 12_000, `it took ${elapsedMs} ms`);
  assert.ok(told(facts, 'notice').includes('notice GREETING-SLOW mx2.example.com'));
  assert.deepEqual(told(facts, 'error'), []);
});

test('what hangs for good ends with the time of the check, and is said', async () => {
  const { facts, elapsedMs } = await runAudit({ mx2: { muteAt: 'ehlo' }, timeoutMs: 8_000 });
  assert.ok(elapsedMs < 9_000, `it took ${elapsedMs} ms`);
  const [hung] = facts.conversations.filter(({ host }) => host === 'mx2.example.com');
  assert.match(hung?.stopped ?? '', /./);
  assert.deepEqual(told(facts, 'error'), []);
});

test('what the host does not say of itself in the time of the check is skipped, and not waited for', async () => {
  const host = new Promise<never>(() => {});
  const { facts, elapsedMs } = await runAudit({ configured: true, host, timeoutMs: 8_000 });
  assert.ok(elapsedMs <= 8_001, `it took ${elapsedMs} ms`);
  const skipped = told(facts, 'skip').filter(line => /HOST-|EGRESS-ABSENT/.test(line));
  assert.deepEqual(skipped.toSorted(), [
    'skip EGRESS-ABSENT ',
    'skip HOST-OVERRIDE ',
    'skip HOST-RESOLVER ',
    'skip HOST-RESOLVER-NO-VALIDATION ',
    'skip HOST-ROUTE-FALLS-THROUGH ',
    'skip HOST-RP-FILTER ',
    'skip HOST-SOURCE-ROUTE ',
  ]);
  assert.equal(judge(facts, catalogue).verdict, 'unknown');
  // What was seen of everything else stands.
  assert.equal(facts.conversations.length, 2);
  assert.notEqual(facts.configuration?.listeners[0]?.certificate ?? null, null);
});

test('an audit that begins after its end says that nobody answered', async () => {
  const { facts, elapsedMs, calls } = await runAudit({ configured: true, timeoutMs: 0 });
  assert.ok(elapsedMs <= 501, `it took ${elapsedMs} ms`);
  assert.deepEqual(calls, []);
  assert.equal(judge(facts, catalogue).verdict, 'unknown');
});

test('a domain that does not exist is one clear finding', async () => {
  const { facts } = await runAudit({ domain: 'nowhere.example' });
  assert.ok(told(facts, 'error').includes('error MX-NONE nowhere.example'));
  assert.deepEqual(facts.conversations, []);
});

test('SPF that includes itself ends', async () => {
  const zone = {
    ...layoutZone,
    'example.com TXT': ['v=spf1 include:a.example -all'],
    'a.example TXT': ['v=spf1 include:example.com -all'],
  };
  const { facts } = await runAudit({ zone });
  assert.ok(told(facts, 'error').includes('error SPF-LOOKUPS isp1/198.51.100.30'));
});

test('an audit takes nine round trips from outside, and seven with the configuration and traps', async () => {
  const outside = await runAudit({ latencyMs: 50, tls: true });
  // Two of DNS; connect, greeting, EHLO, STARTTLS, the handshake, EHLO, and the envelope in one group.
  assert.ok(outside.elapsedMs <= 9 * 100 + 1, `from outside it took ${outside.elapsedMs} ms`);
  const known = await runAudit({ latencyMs: 50, tls: true, configured: true });
  assert.ok(known.elapsedMs <= 7 * 100 + 5, `with the configuration it took ${known.elapsedMs} ms`);
});

test('hosts of the configuration are put to the traps, and no other', async () => {
  const { facts, calls } = await runAudit({ tls: true, configured: true });
  assert.deepEqual(
    facts.conversations.map(({ bareNewlineEnds, tls }) => [
      bareNewlineEnds,
      tls?.kind === 'done' && tls.injected,
    ]),
    [
      [false, false],
      [false, false],
    ],
  );
  // The envelope comes twice: in the conversation, and in the trap for bare newlines.
  assert.equal(calls.filter(call => call.startsWith('mx1')).length, 2, calls.join());
  const { facts: outside } = await runAudit({ tls: true });
  assert.deepEqual(
    outside.conversations.map(({ bareNewlineEnds }) => bareNewlineEnds),
    [null, null],
  );
});

test('a listener of the configuration that no MX leads to is not reported', async () => {
  const zone = { ...layoutZone, 'example.com MX': ['10 mx1.example.com'] };
  const { facts } = await runAudit({ configured: true, zone });
  assert.deepEqual(
    facts.conversations.map(({ host }) => host),
    ['mx1.example.com'],
  );
});

test('packets of full size that vanish by one uplink, without a word, are told of that uplink alone', async () => {
  const byUplinks = { isp2: { hello: 'vanishes' as const } };
  const { facts, elapsedMs } = await runAudit({ tls: true, byUplinks });
  const hosts = ['mx1.example.com [198.51.100.30]', 'mx2.example.com [203.0.113.40]'];
  assert.deepEqual(
    facts.egresses.map(({ fullPackets }) => fullPackets),
    [
      { passed: hosts, stalled: [] },
      { passed: [], stalled: hosts },
    ],
  );
  assert.deepEqual(facts.host?.mtus, [
    { egress: 'isp1/198.51.100.30', interface: 'isp1', link: 1_500, path: 1_500 },
    { egress: 'isp2/203.0.113.40', interface: 'isp2', link: 1_500, path: null },
  ]);
  assert.ok(told(facts, 'notice').includes('notice EGRESS-MTU isp2/203.0.113.40'));
  assert.ok(told(facts, 'pass').includes('pass EGRESS-MTU isp1/198.51.100.30'));
  assert.ok(elapsedMs < 10_000, `it took ${elapsedMs} ms`);
});

test('an uplink that dies while a packet of full size is under way tells nothing of packets', async () => {
  const { facts } = await runAudit({ tls: true, byUplinks: { isp2: { hello: 'is the last' } } });
  assert.deepEqual(
    facts.egresses.map(({ fullPackets }) => fullPackets?.stalled),
    [[], []],
  );
});

test('each door of our own is tried by the other uplink', async () => {
  const { facts } = await runAudit({ byUplinks: {}, configured: true });
  assert.deepEqual(Object.fromEntries(facts.conversations.map(({ host, egress }) => [host, egress])), {
    'mx1.example.com': 'isp2/203.0.113.40',
    'mx2.example.com': 'isp1/198.51.100.30',
  });
});

const at = (host: string, port = 25) => ({ host, port });

test('hosts that are named by their addresses are called too', async () => {
  const { facts } = await runAudit({ byUplinks: {}, targets: [at('198.51.100.30'), at('2001:db8::25')] });
  assert.deepEqual(
    facts.egresses.map(({ port25 }) => port25),
    Array(2).fill({ reached: ['198.51.100.30 [198.51.100.30]'], failed: [] }),
  );
});

test('a host is called at the port that it is named with, and only at that of mail it tells of mail going out', async () => {
  const { facts } = await runAudit({
    byUplinks: {},
    targets: [at('198.51.100.30'), at('203.0.113.40', 2525)],
  });
  assert.deepEqual(
    facts.egresses.map(({ port25 }) => port25),
    Array(2).fill({ reached: ['198.51.100.30 [198.51.100.30]'], failed: [] }),
  );
  const { facts: other } = await runAudit({ byUplinks: {}, targets: [at('203.0.113.40', 2525)] });
  assert.deepEqual(
    other.egresses.map(({ port25 }) => port25),
    [null, null],
  );
});

test('mail hosts that do not offer TLS are called, and tell nothing of packets', async () => {
  const { facts } = await runAudit({ byUplinks: {} });
  assert.deepEqual(
    facts.egresses.map(({ fullPackets, port25 }) => [fullPackets?.passed, port25?.reached.length]),
    [
      [[], 2],
      [[], 2],
    ],
  );
  assert.deepEqual(
    told(facts, 'notice', 'pass', 'skip').filter(line => line.includes('EGRESS-MTU')),
    [],
  );
});
