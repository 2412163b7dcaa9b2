import assert from 'node:assert/strict';
import test from 'node:test';
import type { EgressState } from './health-state.ts';
import { UplinkConditions, type UplinkStanding } from './uplink-conditions.ts';

type Picture = Readonly<Record<string, EgressState>>;

function standings(picture: Picture): readonly UplinkStanding[] {
  return Object.entries(picture).map(([name, state]) => ({
    name,
    state,
    since: 5,
    reason: 'nobody answers',
  }));
}

/** What is told of these pictures, one after the other; `all` is the condition of all uplinks. */
function told(...pictures: readonly Picture[]): readonly string[] {
  const conditions = new UplinkConditions();
  return pictures.flatMap((picture, at) =>
    conditions
      .hear(standings(picture), at)
      .map(({ subject, previous, state }) => `${subject === '' ? 'all' : subject} ${previous} ${state}`),
  );
}

const rows: readonly [string, readonly Picture[], readonly string[]][] = [
  [
    'a sound start is no news',
    [
      { isp1: 'unknown', isp2: 'unknown' },
      { isp1: 'up', isp2: 'up' },
    ],
    [],
  ],
  [
    'down and up again',
    [
      { isp1: 'up', isp2: 'up' },
      { isp1: 'down', isp2: 'up' },
      { isp1: 'up', isp2: 'up' },
    ],
    ['isp1 up down', 'isp1 down up'],
  ],
  ['down at the start', [{ isp1: 'down', isp2: 'unknown' }], ['isp1 unknown down']],
  [
    'the same picture twice is told once',
    [
      { isp1: 'down', isp2: 'up' },
      { isp1: 'down', isp2: 'up' },
    ],
    ['isp1 unknown down'],
  ],
  [
    'degraded on the way back',
    [
      { isp1: 'up', isp2: 'up' },
      { isp1: 'down', isp2: 'up' },
      { isp1: 'degraded', isp2: 'up' },
      { isp1: 'up', isp2: 'up' },
    ],
    ['isp1 up down', 'isp1 down degraded', 'isp1 degraded up'],
  ],
  [
    'an uplink that came back unproved is told when it has proved itself',
    [
      { isp1: 'down', isp2: 'up' },
      { isp1: 'unknown', isp2: 'up' },
      { isp1: 'up', isp2: 'up' },
    ],
    ['isp1 unknown down', 'isp1 down up'],
  ],
  [
    'drained by hand and resumed',
    [
      { isp1: 'up', isp2: 'up' },
      { isp1: 'drained', isp2: 'up' },
      { isp1: 'up', isp2: 'up' },
    ],
    ['isp1 up drained', 'isp1 drained up'],
  ],
  [
    'all gone, and one back',
    [
      { isp1: 'up', isp2: 'up' },
      { isp1: 'down', isp2: 'up' },
      { isp1: 'down', isp2: 'down' },
      { isp1: 'unknown', isp2: 'down' },
    ],
    ['isp1 up down', 'isp2 up down', 'all over trouble', 'all trouble over'],
  ],
  ['the one uplink is gone', [{ isp1: 'up' }, { isp1: 'down' }], ['isp1 up down', 'all over trouble']],
  [
    'a dead uplink that is configured no more',
    [{ isp1: 'down', isp2: 'up' }, { isp2: 'up' }],
    ['isp1 unknown down', 'isp1 down up'],
  ],
  ['a sound uplink that is configured no more is no news', [{ isp1: 'up', isp2: 'up' }, { isp2: 'up' }], []],
];

for (const [sentence, pictures, expected] of rows)
  test(`uplink conditions: ${sentence}`, () => assert.deepEqual(told(...pictures), expected));

test('uplink conditions: the reason says what becomes of mail, and what to do', () => {
  const reasonOf = (picture: Picture): string =>
    new UplinkConditions().hear(standings(picture), 0)[0]?.reason ?? '';
  assert.equal(
    reasonOf({ isp1: 'down', isp2: 'up' }),
    'nobody answers. Mail leaves by another uplink. "postern uplinks test isp1" shows where it stops.',
  );
  assert.match(reasonOf({ isp1: 'down' }), /mail waits/);
  assert.match(reasonOf({ isp1: 'drained', isp2: 'up' }), /uplinks resume isp1/);
});
