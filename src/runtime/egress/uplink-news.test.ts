import assert from 'node:assert/strict';
import test from 'node:test';
import { SimClock } from '../../../test/simulation/sim-clock.ts';
import { EventStream, type GatewayEvent } from '../events.ts';
import type { UplinkReport } from '../gateway-control.ts';
import { UplinkNews } from './uplink-news.ts';

const down: UplinkReport = {
  name: 'isp1',
  state: 'down',
  since: 1,
  reason: 'silence',
  preference: 10,
  egresses: [],
};

const rows: [string, ((uplink: string) => string) | undefined, RegExp][] = [
  ['a gateway is asked what stopped', undefined, /"postern uplinks test isp1" shows where it stops\.$/],
  [
    'whoever is no gateway has its own advice',
    uplink => `Look at ${uplink}.`,
    /so mail waits\. Look at isp1\.$/,
  ],
];
for (const [sentence, advice, reason] of rows) {
  test(`news of uplinks: ${sentence}`, () => {
    const clock = new SimClock();
    const events = new EventStream();
    const heard: GatewayEvent[] = [];
    events.subscribe(event => heard.push(event));
    const news = new UplinkNews(clock, events, () => [down], advice);
    news.look();
    news.look();
    const told = heard.flatMap(event => (event.kind === 'condition' ? [event] : []));
    assert.deepEqual(
      told.map(({ at, condition: { kind } }) => [at, kind]),
      [
        [clock.now(), 'uplink'],
        [clock.now(), 'all_uplinks'],
      ],
    );
    assert.match(told[0]?.condition.reason ?? '', reason);
  });
}
