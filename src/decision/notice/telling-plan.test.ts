import assert from 'node:assert/strict';
import test from 'node:test';
import type { Condition } from './condition.ts';
import { TellingPlan } from './telling-plan.ts';

function condition(state: string, subject = 'isp1', since = 0): Condition {
  return { kind: 'uplink', subject, uplink: subject, state, previous: 'up', since, reason: 'A reason.' };
}

/** Tells all that may be told at `now`, and gives it as `isp1 down`, `isp1 up (was down)`. */
function tellAll(plan: TellingPlan, now: number): string[] {
  const told: string[] = [];
  for (;;) {
    const next = plan.next(now);
    if (next?.kind !== 'tell') return told;
    const { condition: what, ended } = next.notice;
    told.push(`${what.subject} ${what.state}${ended === null ? '' : ` (was ${ended.state})`}`);
    plan.done(next.notice, now);
  }
}

type Step = [now: number, heard: string[], told: string[]];
const stories: [string, Step[]][] = [
  ['an uplink that comes up at the start is no news', [[0, ['isp1 up'], []]]],
  [
    'a trouble is told once when it begins, and once when it ends',
    [
      [0, ['isp1 down', 'isp1 down'], ['isp1 down']],
      [1, ['isp1 down'], []],
      [2, ['isp1 up'], ['isp1 up (was down)']],
      [3, ['isp1 up'], []],
    ],
  ],
  [
    'one that is usable again, though degraded, is back',
    [
      [0, ['isp1 down'], ['isp1 down']],
      [1, ['isp1 degraded'], ['isp1 degraded (was down)']],
      [2, ['isp1 up'], []],
    ],
  ],
  ['degraded alone is no trouble', [[0, ['isp1 degraded', 'isp1 up'], []]]],
  [
    'a trouble of another kind is told too',
    [
      [0, ['isp1 drained'], ['isp1 drained']],
      [1, ['isp1 down'], ['isp1 down']],
      [200_000, ['isp1 up'], ['isp1 up (was down)']],
    ],
  ],
  ['what ended before it was told is one notice', [[0, ['isp1 down', 'isp1 up'], ['isp1 up (was down)']]]],
  [
    'what began and ended twice before it was told is one notice',
    [[0, ['isp1 down', 'isp1 up', 'isp1 drained', 'isp1 up'], ['isp1 up (was drained)']]],
  ],
  [
    'notices keep their order, by the last change',
    [[0, ['isp1 down', 'isp2 down', 'isp1 up'], ['isp2 down', 'isp1 up (was down)']]],
  ],
  [
    'what flaps is told twice in two minutes, then as it stands',
    [
      [0, ['isp1 down'], ['isp1 down']],
      [10_000, ['isp1 up'], ['isp1 up (was down)']],
      [20_000, ['isp1 down'], []],
      [30_000, ['isp1 up'], []],
      [40_000, ['isp1 down'], []],
      [119_999, [], []],
      [120_000, [], ['isp1 down']],
    ],
  ],
  [
    'what flaps back to what was told is nothing new',
    [
      [0, ['isp1 drained'], ['isp1 drained']],
      [1, ['isp1 down'], ['isp1 down']],
      [2, ['isp1 up', 'isp1 down'], []],
      [200_000, [], []],
    ],
  ],
  [
    'the pace of one holds no other up',
    [
      [0, ['isp1 drained'], ['isp1 drained']],
      [1, ['isp1 down'], ['isp1 down']],
      [2, ['isp1 up', 'isp2 down'], ['isp2 down']],
      [120_000, [], ['isp1 up (was down)']],
    ],
  ],
];
for (const [sentence, steps] of stories) {
  test(sentence, () => {
    const plan = new TellingPlan();
    for (const [now, heard, told] of steps) {
      for (const each of heard) {
        const [subject = '', state = ''] = each.split(' ');
        plan.hear(condition(state, subject));
      }
      assert.deepEqual(tellAll(plan, now), told, `at ${now}`);
    }
  });
}

test('while a notice is told, what comes goes after it', () => {
  const plan = new TellingPlan();
  plan.hear(condition('down'));
  const next = plan.next(0);
  assert.ok(next?.kind === 'tell');
  plan.hear(condition('up'));
  plan.done(next.notice, 0);
  assert.deepEqual(tellAll(plan, 1), ['isp1 up (was down)']);
});

test('while a notice is told, what comes and goes is nothing', () => {
  const plan = new TellingPlan();
  plan.hear(condition('down'));
  const next = plan.next(0);
  assert.ok(next?.kind === 'tell');
  plan.hear(condition('up'));
  plan.hear(condition('down'));
  plan.done(next.notice, 0);
  assert.deepEqual(tellAll(plan, 1), []);
  assert.deepEqual(plan.told, [condition('down')]);
});

test('a restart repeats nothing, and forgets no end', () => {
  const plan = new TellingPlan([condition('down', 'isp1'), condition('down', 'isp2')]);
  plan.hear(condition('down', 'isp1'));
  assert.deepEqual(tellAll(plan, 0), []);
  plan.presumeOver(new Set(['queue']), 500);
  assert.deepEqual(tellAll(plan, 0), []);
  plan.presumeOver(new Set(['uplink']), 500);
  assert.deepEqual(tellAll(plan, 0), ['isp2 up (was down)']);
  plan.hear(condition('up', 'isp1'));
  assert.deepEqual(tellAll(plan, 0), ['isp1 up (was down)']);
  assert.deepEqual(plan.told, []);
});

test('a drill without a verdict changes nothing', () => {
  const plan = new TellingPlan();
  const drill = (state: string): Condition => ({ ...condition(state, 'isp2'), kind: 'drill' });
  for (const state of ['skipped', 'no_mail', 'carries']) plan.hear(drill(state));
  assert.deepEqual(tellAll(plan, 0), []);
  plan.hear(drill('harm'));
  assert.deepEqual(tellAll(plan, 0), ['isp2 harm']);
  for (const state of ['skipped', 'no_mail', 'harm']) plan.hear(drill(state));
  assert.deepEqual(tellAll(plan, 0), []);
  plan.hear(drill('carries'));
  assert.deepEqual(tellAll(plan, 0), ['isp2 carries (was harm)']);
});

test('a wait tells how long', () => {
  const plan = new TellingPlan();
  plan.hear(condition('drained'));
  tellAll(plan, 0);
  plan.hear(condition('down'));
  tellAll(plan, 1_000);
  plan.hear(condition('up'));
  assert.deepEqual(plan.next(2_000), { kind: 'wait', ms: 118_000 });
});

test('beyond a hundred the oldest is left out, and counted', () => {
  const plan = new TellingPlan();
  for (let number = 0; number < 103; number++) plan.hear(condition('down', `uplink${number}`));
  assert.equal(plan.leftOut, 3);
  const told = tellAll(plan, 0);
  assert.equal(told.length, 100);
  assert.equal(told[0], 'uplink3 down');
});
