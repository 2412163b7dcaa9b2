import assert from 'node:assert/strict';
import test from 'node:test';
import { faultsOf } from './judge.ts';
import type { Outcome } from './outcome.ts';
import { drawPlan } from './plan.ts';
import { runPlan } from './town.ts';

const minute = 60_000;
/** On a busy machine a simulated hour takes its time. */
const patience = { timeout: 600_000 };
const seeds = [20, 21, 203];

const outcomes = new Map<number, Promise<Outcome>>();
const outcomeOf = (seed: number): Promise<Outcome> => {
  const known = outcomes.get(seed) ?? runPlan(drawPlan(seed, 30 * minute));
  outcomes.set(seed, known);
  return known;
};

for (const seed of seeds)
  test(`storm, seed ${seed}: all that must hold has held`, patience, async () => {
    assert.deepEqual(faultsOf(await outcomeOf(seed)), []);
  });

test(
  'storm: mail moved, was doubted and was bounced, and lives ended, so that the above means something',
  patience,
  async () => {
    const runs = await Promise.all(seeds.map(outcomeOf));
    const events = new Set(runs.flatMap(({ trace }) => trace.map(({ event }) => event)));
    for (const event of ['accepted', 'attempt', 'delivered', 'deferred', 'in_doubt', 'bounced'] as const)
      assert.ok(events.has(event), `${event} was never seen`);
    const ways = new Set(runs.flatMap(({ trace }) => trace.map(({ uplink }) => uplink)));
    for (const uplink of ['isp1', 'isp2', 'isp3']) assert.ok(ways.has(uplink), uplink);
    assert.ok(runs.some(({ lives }) => lives > 1));
    const messages = runs.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
    assert.ok(messages > 2_000, `${messages} messages`);
  },
);

test('storm: one seed gives one history', patience, async () => {
  const short = drawPlan(23, 3 * minute);
  const [first, second] = [await runPlan(short), await runPlan(short)];
  assert.equal(first.fingerprint, second.fingerprint);
  assert.ok(first.acknowledged.length > 20);
});
