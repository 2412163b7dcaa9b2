import assert from 'node:assert/strict';
import test from 'node:test';
import { type DrillCandidate, type DrillPlan, nextSpare, planDrill, whySkipped } from './drill-plan.ts';
import type { EgressState, Fitness } from './health-state.ts';

function uplink(
  name: string,
  preference: number,
  state: EgressState = 'up',
  fit: Fitness = 'fit',
): DrillCandidate {
  return {
    name,
    preference,
    state,
    reason: 'nobody answers',
    egresses: [{ fit, fitReason: 'It has no PTR.' }],
  };
}

const isp1 = uplink('isp1', 10);
const isp2 = uplink('isp2', 20);
const isp3 = uplink('isp3', 30);

function text(plan: DrillPlan): string {
  return plan.kind === 'refused'
    ? `refused: ${plan.reason}`
    : `${plan.kind} ${plan.uplink} against ${plan.usual}`;
}

const rows: readonly [string, readonly DrillCandidate[], string | null, RegExp][] = [
  ['the spare is drilled', [isp1, isp2], null, /^drill isp2 against isp1$/],
  ['of several spares the best', [isp3, isp2, isp1], null, /^drill isp2 against isp1$/],
  ['a named one', [isp1, isp2, isp3], 'isp3', /^drill isp3 against isp1$/],
  ['an unknown name is refused', [isp1, isp2], 'isp9', /^refused: There is no uplink isp9/],
  ['the usual one is refused', [isp1, isp2], 'isp1', /^refused: isp1 carries the mail already/],
  [
    'while the better one is down, the spare carries it already',
    [uplink('isp1', 10, 'down'), isp2],
    'isp2',
    /^refused: isp2 carries/,
  ],
  [
    'a better uplink that is down is harm, with the spare as the usual one',
    [uplink('isp1', 10, 'down'), isp2],
    null,
    /^harm isp1 against isp2$/,
  ],
  ['a single uplink is refused', [isp1], null, /^refused: There is only one/],
  [
    'while none can be used it is refused',
    [uplink('isp1', 10, 'down'), uplink('isp2', 20, 'down')],
    null,
    /^refused: No uplink/,
  ],
  ['a drained spare is passed over', [isp1, uplink('isp2', 20, 'drained'), isp3], null, /^drill isp3/],
  [
    'a drained spare by name is refused',
    [isp1, uplink('isp2', 20, 'drained')],
    'isp2',
    /^refused: isp2 is drained/,
  ],
  [
    'all spares drained is refused',
    [isp1, uplink('isp2', 20, 'drained')],
    null,
    /^refused: Every uplink but isp1/,
  ],
  ['a dead spare is harm', [isp1, uplink('isp2', 20, 'down')], null, /^harm isp2/],
  ['an unfit spare is harm', [isp1, uplink('isp2', 20, 'up', 'unfit')], null, /^harm isp2/],
  [
    'an unfit uplink is not the usual one',
    [uplink('isp1', 10, 'up', 'unfit'), isp2],
    null,
    /^harm isp1 against isp2$/,
  ],
  [
    'an uplink that nothing was sent by yet is drilled',
    [isp1, uplink('isp2', 20, 'unknown', 'unknown')],
    null,
    /^drill isp2/,
  ],
];
for (const [sentence, uplinks, name, expected] of rows)
  test(`drill plan: ${sentence}`, () => assert.match(text(planDrill(uplinks, name)), expected));

const skips: readonly [string, readonly DrillCandidate[], RegExp | null][] = [
  ['all sound: held', [isp1, isp2, isp3], null],
  ['the spare is down', [isp1, uplink('isp2', 20, 'down'), isp3], /isp2 is down: nobody answers\./],
  ['another one is down', [isp1, isp2, uplink('isp3', 30, 'down')], /isp3 is down/],
  ['another one is drained', [uplink('isp1', 10, 'drained'), isp2, isp3], /isp1 is drained/],
  ['the spare is unfit', [isp1, uplink('isp2', 20, 'up', 'unfit')], /identity of isp2/],
];
for (const [sentence, uplinks, expected] of skips)
  test(`scheduled drill: ${sentence}`, () => {
    const why = whySkipped(uplinks, 'isp2');
    if (expected === null) assert.equal(why, null);
    else assert.match(why ?? '', expected);
  });

test('scheduled drills take the spares in turn', () => {
  const uplinks = [isp1, isp2, isp3];
  assert.equal(nextSpare(uplinks, null), 'isp2');
  assert.equal(nextSpare(uplinks, 'isp2'), 'isp3');
  assert.equal(nextSpare(uplinks, 'isp3'), 'isp2');
  assert.equal(nextSpare(uplinks, 'gone'), 'isp2');
  assert.equal(nextSpare([isp1], null), null);
});
