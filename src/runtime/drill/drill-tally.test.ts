import assert from 'node:assert/strict';
import test from 'node:test';
import type { ConditionKind } from '../../decision/notice/condition.ts';
import type { GatewayEvent, TraceEvent } from '../events.ts';
import { type DrillEnd, DrillTally } from './drill-tally.ts';

const isp1 = 'isp1/198.51.100.30';
const isp2 = 'isp2/203.0.113.40';

function message(event: TraceEvent['event'], told: Partial<TraceEvent> = {}): GatewayEvent {
  const trace: TraceEvent = {
    at: 0,
    id: '06YYVQE6400',
    recipient: 'receiver@remote.example',
    sender: 'sender@example.com',
    event,
    uplink: 'isp2',
    source: '203.0.113.40',
    ehlo: 'mail2.example.com',
    host: 'mx.remote.example',
    address: '192.0.2.10',
    reply: null,
    tls: null,
    blame: null,
    reason: null,
    elapsedMs: 20,
    ...told,
  };
  return { kind: 'message', trace, sizeBytes: 1_000 };
}

function connect(
  egressId: string,
  error: 'timeout' | 'aborted' | null,
  site = 'mx.remote.example',
): GatewayEvent {
  return {
    kind: 'connect',
    egressId,
    site,
    connectMs: error === null ? 12 : null,
    error,
    hedge: false,
    probe: false,
  };
}

function condition(kind: ConditionKind, uplink: string, state: string): GatewayEvent {
  const told = { kind, subject: uplink, uplink, state, previous: 'up', since: 0, reason: 'Nobody answers.' };
  return { kind: 'condition', at: 0, condition: told };
}

/** As the monitor hears of it. */
const refusal = (reply: string, egressId = isp2): Refusal => ({
  egressId,
  reason: `mx.remote.example refused it: ${reply}`,
});

type Refusal = { readonly egressId: string; readonly reason: string };

function heard(tally: DrillTally, seen: GatewayEvent | Refusal, now: number): DrillEnd | null {
  return 'kind' in seen ? tally.hear(seen, now) : tally.refusal(seen.egressId, seen.reason);
}

const rows: readonly [sentence: string, seen: readonly (GatewayEvent | Refusal)[], end: string | null][] = [
  ['a delivery is none', [message('delivered')], null],
  ['a refusal of our identity', [refusal('550 5.7.25 no PTR')], 'harm'],
  [
    'a refusal that was not blamed on the route, by policy',
    [message('bounced', { reply: '550 5.7.1 not you', blame: 'destination' })],
    'harm',
  ],
  ['a greeting of 421', [refusal('421 4.3.2 later')], 'harm'],
  ['a greeting of 554', [refusal('554 no')], 'harm'],
  [
    'an unknown mailbox says nothing of the uplink',
    [message('bounced', { reply: '550 5.1.1 nobody', blame: 'recipient' })],
    null,
  ],
  ['greylisting says nothing of the uplink', [refusal('450 4.7.1 come back in 550 s')], null],
  ['a refusal on the usual uplink is not its affair', [refusal('550 5.7.25 no PTR', isp1)], null],
  ['a connect that fails where nobody else was tells nothing yet', [connect(isp2, 'timeout')], null],
  [
    'a connect that fails where the other one gets through',
    [connect(isp2, 'timeout'), connect(isp1, null)],
    'harm',
  ],
  [
    'a connect that fails where the other one just got through',
    [connect(isp1, null), connect(isp2, 'timeout')],
    'harm',
  ],
  [
    'a connect that fails elsewhere than where the other one gets through',
    [connect(isp2, 'timeout'), connect(isp1, null, 'mx.shop.example')],
    null,
  ],
  ['one that we gave up ourselves is no failure', [connect(isp2, 'aborted'), connect(isp1, null)], null],
  ['the spare goes down', [condition('uplink', 'isp2', 'down')], 'harm'],
  ['the spare is degraded', [condition('uplink', 'isp2', 'degraded')], 'harm'],
  ['its identity does not stand', [condition('identity', 'isp2', 'unfit')], 'harm'],
  ['the spare is drained by hand', [condition('uplink', 'isp2', 'drained')], 'moot'],
  ['the usual one goes down', [condition('uplink', 'isp1', 'down')], 'moot'],
  ['another uplink goes down', [condition('uplink', 'isp3', 'down')], null],
];
for (const [sentence, seen, expected] of rows)
  test(`the first sign of harm: ${sentence}`, () => {
    const tally = new DrillTally('isp2', 'isp1', [isp2]);
    const ends = seen.map((event, place) => heard(tally, event, place * 1_000));
    assert.equal(ends.findLast(end => end !== null)?.kind ?? null, expected);
  });

test('a drill counts what its uplink does, and times both', () => {
  const tally = new DrillTally('isp2', 'isp1', [isp2]);
  const seen = [
    message('delivered'),
    message('delivered', { uplink: 'isp1', elapsedMs: 9 }),
    message('deferred', { reply: '450 4.7.1 come back', blame: 'destination' }),
    message('bounced', { reply: '550 5.1.1 nobody', blame: 'recipient' }),
    refusal('450 4.7.1 come back'),
    message('deferred', { reply: '450 4.7.1 come back', blame: 'route' }),
    message('accepted', { uplink: null }),
    connect(isp2, null),
    connect(isp2, 'timeout', 'mx.shop.example'),
  ];
  for (const event of seen) heard(tally, event, 0);
  const { sent, deferred, refused, unreached } = tally;
  assert.deepEqual([sent, deferred, refused, unreached], [1, 2, 1, 1]);
  assert.deepEqual(
    [tally.deliveries, tally.usualDeliveries, tally.connects].map(samples => samples.percentile(0.5)),
    [20, 9, 12],
  );
});

test('a failure and a success long after each other do not make a sign', () => {
  const tally = new DrillTally('isp2', 'isp1', [isp2]);
  assert.equal(tally.hear(connect(isp2, 'timeout'), 0), null);
  assert.equal(tally.hear(connect(isp1, null), 61_000), null);
});
