import assert from 'node:assert/strict';
import test from 'node:test';
import { identityFacts, nodata, nxdomain, records, silence } from '../../../test/identity-facts.ts';
import { identityFindings } from '../audit/identity-findings.ts';
import { type FitnessState, newFitness, nextTestMs, stepFitness } from './fitness.ts';

const minute = 60_000;

/** One test each, at so many minutes after the start. */
const tests = {
  good: identityFacts(),
  'no PTR': identityFacts({ ptr: nxdomain, forward: [] }),
  'no forward match': identityFacts({
    forward: [{ name: 'mail.example.com', addresses: records('192.0.2.9') }],
  }),
  'no EHLO': identityFacts({ ehlo: { A: nxdomain, AAAA: nxdomain } }),
  elsewhere: identityFacts({ ehlo: { A: records('203.0.113.40'), AAAA: nodata } }),
  silent: identityFacts({ ptr: silence, forward: [], ehlo: { A: silence, AAAA: silence } }),
  'silent PTR': identityFacts({ ptr: silence, forward: [] }),
  private: identityFacts({ ptr: nxdomain, forward: [] }, { publicAddress: '10.20.1.2' }),
  'private, no EHLO': identityFacts(
    { ptr: nxdomain, forward: [], ehlo: { A: nxdomain, AAAA: nxdomain } },
    { publicAddress: '10.20.1.2' },
  ),
  'smart host': identityFacts({}, { smartHost: 'smtp.isp2.example', asked: null }),
};

function after(history: readonly (readonly [number, keyof typeof tests])[]): FitnessState {
  const start = { wall: 1_000_000, monotonic: 5_000 };
  return history.reduce(
    (state, [minutes, seen]) =>
      stepFitness(state, identityFindings(tests[seen]), {
        wall: start.wall + minutes * minute,
        monotonic: start.monotonic + minutes * minute,
      }),
    newFitness(start),
  );
}

const rows: readonly [
  sentence: string,
  history: readonly (readonly [number, keyof typeof tests])[],
  fit: string,
  next: number,
][] = [
  ['a good first test makes it fit, and it is tested hourly', [[0, 'good']], 'fit', 60],
  ['one bad test makes an egress unfit that was not yet fit', [[0, 'no PTR']], 'unfit', 5],
  [
    'one bad test of a fit egress changes nothing',
    [
      [0, 'good'],
      [60, 'no PTR'],
    ],
    'fit',
    5,
  ],
  [
    'two bad tests 5 minutes apart make it unfit',
    [
      [0, 'good'],
      [60, 'no PTR'],
      [65, 'no PTR'],
    ],
    'unfit',
    5,
  ],
  [
    'two bad tests too close to each other do not',
    [
      [0, 'good'],
      [60, 'no PTR'],
      [61, 'no PTR'],
    ],
    'fit',
    4,
  ],
  [
    'a missing forward match makes it unfit',
    [
      [0, 'good'],
      [0, 'no forward match'],
      [5, 'no forward match'],
    ],
    'unfit',
    5,
  ],
  [
    'an EHLO name without an address makes it unfit',
    [
      [0, 'good'],
      [0, 'no EHLO'],
      [5, 'no EHLO'],
    ],
    'unfit',
    5,
  ],
  [
    'two bad tests for two reasons make it unfit',
    [
      [0, 'good'],
      [0, 'no PTR'],
      [5, 'no EHLO'],
    ],
    'unfit',
    5,
  ],
  [
    'a good test between clears the bad one',
    [
      [0, 'no PTR'],
      [3, 'good'],
      [6, 'no PTR'],
    ],
    'fit',
    5,
  ],
  [
    'it is fit again at the first good test',
    [
      [0, 'no PTR'],
      [5, 'no PTR'],
      [10, 'good'],
    ],
    'fit',
    60,
  ],
  [
    'a name that leads elsewhere only warns',
    [
      [0, 'elsewhere'],
      [5, 'elsewhere'],
    ],
    'fit',
    60,
  ],
  [
    'silence of DNS leaves a fit egress fit',
    [
      [0, 'good'],
      [60, 'silent'],
      [65, 'silent'],
    ],
    'fit',
    5,
  ],
  [
    'silence of DNS leaves an unfit egress unfit',
    [
      [0, 'no PTR'],
      [5, 'no PTR'],
      [10, 'silent'],
    ],
    'unfit',
    5,
  ],
  [
    'silence between two bad tests does not clear the first',
    [
      [0, 'good'],
      [0, 'no PTR'],
      [5, 'silent'],
      [10, 'no PTR'],
    ],
    'unfit',
    5,
  ],
  [
    'silence about the PTR is no good test',
    [
      [0, 'no EHLO'],
      [5, 'no EHLO'],
      [10, 'silent PTR'],
    ],
    'unfit',
    5,
  ],
  [
    'a private address stays unknown',
    [
      [0, 'private'],
      [5, 'private'],
    ],
    'unknown',
    60,
  ],
  [
    'a private address whose EHLO name resolves again is unknown, and no longer unfit',
    [
      [0, 'private, no EHLO'],
      [5, 'private, no EHLO'],
      [10, 'private'],
    ],
    'unknown',
    60,
  ],
  ['behind a smart host it is unknown', [[0, 'smart host']], 'unknown', 60],
];

for (const [sentence, history, fit, next] of rows)
  test(sentence, () => {
    const state = after(history);
    const [last] = history.at(-1) ?? [0];
    assert.equal(state.fit, fit);
    assert.equal(nextTestMs(state, { wall: 0, monotonic: 5_000 + last * minute }), next * minute);
  });

test('the reason names the rule, and a fit egress has none', () => {
  assert.match(
    after([
      [0, 'no PTR'],
      [5, 'no PTR'],
    ]).reason,
    /198\.51\.100\.30 has no PTR.*\(EGRESS-NO-PTR\)/,
  );
  assert.equal(
    after([
      [0, 'no PTR'],
      [5, 'no PTR'],
      [10, 'good'],
    ]).reason,
    '',
  );
  assert.match(after([[0, 'private']]).reason, /private address/);
});

test('since is when it became what it is', () => {
  assert.equal(
    after([
      [0, 'good'],
      [5, 'no PTR'],
      [10, 'no PTR'],
      [15, 'no EHLO'],
    ]).since,
    1_000_000 + 10 * minute,
  );
});

test('that the name leads elsewhere is kept through silence, and over at the first answer', () => {
  assert.match(
    after([
      [0, 'elsewhere'],
      [60, 'silent'],
    ]).elsewhere ?? '',
    /EGRESS-EHLO-ELSEWHERE/,
  );
  assert.equal(
    after([
      [0, 'elsewhere'],
      [60, 'good'],
    ]).elsewhere,
    null,
  );
});

test('a test that shows nothing new gives the same object', () => {
  const state = after([[0, 'good']]);
  assert.equal(stepFitness(state, identityFindings(tests.good), { wall: 9e6, monotonic: 9e6 }), state);
});
