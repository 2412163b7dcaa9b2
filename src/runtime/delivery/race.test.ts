import assert from 'node:assert/strict';
import test from 'node:test';
import { ScriptedGuide } from '../../../test/simulation/dispatcher-house.ts';
import { SimClock } from '../../../test/simulation/sim-clock.ts';
import type { Candidate } from '../../decision/egress/choice.ts';
import type { UplinkEgress } from '../../decision/egress/egress.ts';
import type { NetworkErrorKind } from '../../decision/egress/observation.ts';
import { EventStream } from '../events.ts';
import type { Connection, Network } from '../ports.ts';
import { Race, type RaceResult } from './race.ts';

/** What a connect through one egress comes to, and after how many ms; `never` only ends when it is aborted. */
type Fate = { readonly after: number; readonly error?: NetworkErrorKind } | 'never';

const egress = (uplink: string): UplinkEgress => ({
  kind: 'uplink',
  id: uplink,
  uplink,
  family: 4,
  source: uplink,
  publicAddress: uplink,
  ehlo: `${uplink}.example.com`,
});

/** Runs one race between isp1 (preferred) and isp2 and tells it in words. */
async function run(fates: { isp1: Fate; isp2: Fate }, play?: (race: Race) => void): Promise<string[]> {
  const clock = new SimClock();
  const told: string[] = [];
  const network = {
    connect: async ({ source, signal }: { source: string | null; signal?: AbortSignal }) => {
      const fate = source === 'isp1' ? fates.isp1 : fates.isp2;
      told.push(`${clock.monotonic()} ${source} starts`);
      const kind = await new Promise<NetworkErrorKind | null>(resolve => {
        signal?.addEventListener('abort', () => {
          told.push(`${clock.monotonic()} ${source} is aborted`);
          resolve('aborted');
        });
        if (fate !== 'never') clock.timer(fate.after, () => resolve(fate.error ?? null));
      });
      if (kind !== null) return { ok: false, error: { kind, message: kind } };
      const connection = { destroy: () => told.push(`${clock.monotonic()} ${source} is closed`) };
      return { ok: true, value: connection as unknown as Connection };
    },
  } as unknown as Network;
  const guide = new ScriptedGuide([egress('isp1'), egress('isp2')]);
  const candidates: [Candidate, Candidate] = [
    { egress: egress('isp1'), reason: 'preferred', standIn: false },
    { egress: egress('isp2'), reason: 'stand-in', standIn: true },
  ];
  let result: RaceResult | null = null;
  const race = new Race({
    clock,
    network,
    guide,
    events: new EventStream(),
    site: 'mx.remote.example',
    to: { host: 'mx.remote.example', address: '192.0.2.10', port: 25 },
    candidates,
    onHedge: () => told.push(`${clock.monotonic()} hedged`),
    done: end => {
      result = end;
      told.push(`${clock.monotonic()} ${end.kind === 'won' ? `${end.candidate.egress.id} wins` : end.kind}`);
    },
  });
  race.start();
  await clock.run(5);
  play?.(race);
  await clock.run(60_000);
  assert.notEqual(result, null, 'the race never ended');
  for (const { egressId, observation } of guide.observed)
    if (observation.kind === 'failed')
      told.push(
        `${egressId} ${observation.overtaken ? 'was overtaken' : observation.error.kind}, reached by ${observation.reachedBy}`,
      );
  return told;
}

const rows: [string, { isp1: Fate; isp2: Fate }, string[]][] = [
  [
    'the preferred egress connects within its head start, and no other starts',
    { isp1: { after: 50 }, isp2: { after: 1 } },
    ['0 isp1 starts', '50 isp1 wins'],
  ],
  [
    'a silent one is overtaken after its head start, and closed at once',
    { isp1: 'never', isp2: { after: 20 } },
    [
      '0 isp1 starts',
      '100 hedged',
      '100 isp2 starts',
      '121 isp1 is aborted',
      '121 isp2 wins',
      'isp1 was overtaken, reached by isp2',
    ],
  ],
  [
    'a tie goes to the preferred egress',
    { isp1: { after: 121 }, isp2: { after: 20 } },
    [
      '0 isp1 starts',
      '100 hedged',
      '100 isp2 starts',
      '121 isp2 is closed',
      '121 isp2 is aborted',
      '121 isp1 wins',
    ],
  ],
  [
    'a slower stand-in that loses is no evidence against it',
    { isp1: { after: 150 }, isp2: 'never' },
    ['0 isp1 starts', '100 hedged', '100 isp2 starts', '150 isp2 is aborted', '150 isp1 wins'],
  ],
  [
    'a refused connect starts the next at once, and is evidence once that one is there',
    { isp1: { after: 4, error: 'refused' }, isp2: { after: 20 } },
    ['0 isp1 starts', '4 isp2 starts', '24 isp2 wins', 'isp1 refused, reached by isp2'],
  ],
  [
    'what nobody reaches is nobody’s evidence',
    { isp1: { after: 4, error: 'refused' }, isp2: { after: 4, error: 'host_unreachable' } },
    [
      '0 isp1 starts',
      '4 isp2 starts',
      '8 lost',
      'isp1 refused, reached by null',
      'isp2 host_unreachable, reached by null',
    ],
  ],
];

for (const [sentence, fates, expected] of rows) {
  test(`race: ${sentence}`, async () => assert.deepEqual(await run(fates), expected));
}

test('race: an egress that goes down gives way at once, without a word against it from here', async () => {
  const told = await run({ isp1: 'never', isp2: { after: 20 } }, race => race.egressDown('isp1'));
  assert.deepEqual(told, ['0 isp1 starts', '5 isp1 is aborted', '5 isp2 starts', '25 isp2 wins']);
});

test('race: given up, it closes all and says so', async () => {
  const told = await run({ isp1: 'never', isp2: 'never' }, race => race.abort());
  assert.deepEqual(told, ['0 isp1 starts', '5 isp1 is aborted', '5 aborted']);
});

test('race: where the preferred egress has no connection left, no other one starts', async () => {
  const told = await run({ isp1: { after: 10, error: 'resources' }, isp2: { after: 20 } });
  assert.deepEqual(told.slice(0, 2), ['0 isp1 starts', '10 lost']);
});
