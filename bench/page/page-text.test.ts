import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { recordSection } from '../page.ts';
import type { Comparison } from '../relay/comparison.ts';
import { standardLoad } from '../relay/load.ts';
import { pageOf } from './page-text.ts';
import type { Provenance } from './provenance.ts';
import type { HostileResult, KeptResults, Results } from './results.ts';

const when = {
  at: '2026-01-02T03:04:05.000Z',
  command: 'npm run bench',
  machine: '2 cores',
  versions: 'Postern 1',
};
const ran: Provenance = { ...when, busy: 0.034 };

const figures = (messagesPerS: number, cpuMsPerMessage: number) => ({
  messagesPerS,
  acceptedPerS: messagesPerS,
  cpuMsPerMessage,
});
const mib = 2 ** 20;
const relay: Comparison = {
  load: standardLoad,
  rounds: [
    { postern: figures(4_000, 0.3), postfix: figures(1_000, 2) },
    { postern: figures(6_000, 0.3), postfix: figures(1_000, 2) },
  ],
  costs: {
    postern: { peakBytes: 150 * mib, pssPeakBytes: 130 * mib, syncsPerMessage: 0.125 },
    postfix: { peakBytes: 140 * mib, pssPeakBytes: 140 * mib, syncsPerMessage: 1 },
  },
};

const pageWith = (kept: KeptResults): string => pageOf(kept, []);
const keep = <Result>(result: Result) => ({ ran, result });

const relayRows: [string, Comparison, string][] = [
  [
    'who is ahead is the median of the rounds’ own ratios',
    relay,
    '| at least 6 times Postfix | 5.0 times as fast | **no** |',
  ],
  [
    'a quarter of Postfix’s CPU is met',
    relay,
    '| CPU a message: at most a quarter of Postfix’s | 15 % of it | yes |',
  ],
  [
    'memory is told by PSS',
    relay,
    '| peak memory below Postfix’s, by the sum of PSS | 130 MiB to 140 MiB | yes |',
  ],
  [
    'and as it would be without the bench',
    relay,
    '| and as if each were alone on the host | 150 MiB to 140 MiB | **no** |',
  ],
  ['syncs are told for all', relay, '| 140 | 140 | 1.00 | 5.0 times (4.0 to 6.0) as much |'],
  ['who was not measured is said', relay, 'Not measured here: OpenSMTPD, Exim, Haraka.'],
];
for (const [sentence, result, expected] of relayRows)
  test(`page, relaying: ${sentence}`, () => {
    const page = pageWith({ relay: keep(result) });
    assert.ok(page.includes(expected), page);
  });

const provenanceRows: [string, Provenance, string][] = [
  ['how busy others kept the machine', ran, 'UTC, the machine 3 % busy with other work at the begin.*'],
  ['what was kept with a load average', { ...when, load: 7.46 }, 'UTC, load average 7.5 at the begin.*'],
];
for (const [sentence, from, expected] of provenanceRows)
  test(`page: told is ${sentence}`, () => {
    const page = pageWith({ relay: { ran: from, result: relay } });
    assert.ok(page.includes(expected), page);
  });

test('page: slower than Postfix with larger messages is not met', () => {
  const rounds = [{ postern: figures(90, 3), postfix: figures(100, 3) }];
  const sizes = [{ load: { ...standardLoad, sizeBytes: mib }, rounds, costs: {} }];
  const page = pageWith({ sizes: keep(sizes) });
  assert.ok(page.includes('| 1 MiB: never slower than Postfix | 0.9 times as fast | **no** |'), page);
});

const latency = (p99: number, undelivered: number): Results['paced'] => [
  {
    name: 'postern',
    perS: 2_000,
    messages: 20_000,
    undelivered,
    acceptToDeliver: { p50: 1, p99, max: 2 * p99 },
    dueToAccept: { p50: 1, p99: 2, max: 3 },
  },
];
const pacedRows: [string, Results['paced'], string][] = [
  ['a p99 under the limit is met', latency(19.4, 0), '| 19 ms, 0 undelivered | yes |'],
  ['one at the limit is not', latency(20, 0), '| 20 ms, 0 undelivered | **no** |'],
  ['one message that never came is not', latency(1, 1), '| 1.0 ms, 1 undelivered | **no** |'],
];
for (const [sentence, result, expected] of pacedRows)
  test(`page, latency: ${sentence}`, () => {
    const page = pageWith({ paced: keep(result) });
    assert.ok(page.includes(expected), page);
  });

test('page, growth: what is not flat has its reason, or says that none is known', () => {
  const at = (place: number, rate: number) => ({ at: place, perS: [rate] });
  const page = pageWith({
    growth: keep({
      senders: [at(5, 950), at(20, 1_000), at(500, 700)],
      queue: [at(0, 1_000), at(1_000_000, 950)],
      destinations: [at(1, 1_000), at(10_000, 300)],
    }),
  });
  assert.ok(page.includes('| 10,000 | 300 | 0.30 | no |'), page);
  assert.ok(page.includes('At most 500 connections'), page);
  assert.ok(page.includes('At 500 the reason is not known yet.'), page);
  assert.ok(!page.includes('A sender waits for its 250'), page);
});

const crowd: HostileResult = {
  seconds: 40,
  crowd: { idle: 5_000, drips: 500, floods: 500 },
  limits: { servedMs: 1_000, memoryMiB: 400 },
  rows: [
    {
      connections: 10_000,
      honest: 40,
      unserved: 0,
      p50_ms: 300,
      p99_ms: 900,
      max_ms: 950,
      memory_peak_mib: 399,
    },
    {
      connections: 2_000,
      honest: 40,
      unserved: 1,
      p50_ms: 300,
      p99_ms: 900,
      max_ms: 950,
      memory_peak_mib: 399,
    },
  ],
};

test('page: a section is kept, and takes the place of the one before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-page-'));
  try {
    await recordSection('relay', relay, ran, folder);
    await recordSection('hostile', { ...crowd, seconds: 10 }, ran, folder);
    await recordSection('hostile', crowd, { ...ran, versions: 'Postern 2' }, folder);
    const page = await readFile(join(folder, 'benchmarks.md'), 'utf8');
    assert.equal(page.split('## Among a crowd').length, 2);
    assert.ok(page.includes('that flood, for 40 s'), page);
    assert.ok(page.includes('| 0 unserved, 950 ms at most, 399 MiB | yes |'), page);
    assert.ok(page.includes('| 1 unserved, 950 ms at most, 399 MiB | **no** |'), page);
    assert.ok(page.includes('## How much it relays'), page);
    assert.ok(page.includes('Postern 1') && page.includes('Postern 2'), 'versions of both are told');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
