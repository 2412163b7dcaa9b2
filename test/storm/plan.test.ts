import assert from 'node:assert/strict';
import test from 'node:test';
import type { Cut } from './plan.ts';
import { cutDown, drawPlan, uncut } from './plan.ts';
import { shrink } from './shrink.ts';

const hour = 3_600_000;
const plans = Array.from({ length: 400 }, (_, seed) => drawPlan(seed, hour));

test('storm plans: one seed gives one plan, another seed another', () => {
  assert.deepEqual(drawPlan(7, hour), drawPlan(7, hour));
  assert.notDeepEqual(drawPlan(7, hour), drawPlan(8, hour));
});

test('storm plans: a plan is cut down to a part of itself', () => {
  const plan = drawPlan(3, hour);
  assert.deepEqual(cutDown(plan, uncut), plan);
  const cut = cutDown(plan, { keep: new Set([2, 4]), clients: 1, untilMs: hour / 2 });
  assert.deepEqual(
    cut.faults,
    plan.faults.filter(({ number, at }) => (number === 2 || number === 4) && at < hour / 2),
  );
  assert.equal(cut.clients.length, 1);
  assert.equal(cut.forMs, hour / 2);
});

test('storm plans: every kind of fault comes, and in no plan do all', () => {
  const kinds = plans.map(({ faults }) => new Set(faults.map(({ what }) => what.kind)));
  const all = new Set(kinds.flatMap(each => [...each]));
  assert.equal(all.size, 18, [...all].join());
  assert.ok(kinds.every(each => each.size < all.size));
});

test('storm plans: loss is drawn from 0 to 30 %', () => {
  const losses = plans.map(({ climate }) => climate.loss);
  assert.ok(losses.filter(loss => loss === 0).length > 200);
  assert.ok(Math.max(...losses) > 0.28 && Math.max(...losses) <= 0.3);
});

test('storm plans: each uncommon side is taken in about a quarter of the runs', () => {
  const common = {
    lateMs: 0,
    pieces: false,
    fullWrites: false,
    extremes: false,
    commitMs: 1,
    fewConnections: false,
    expireMs: 432_000_000,
    delayNoticeMs: 14_400_000,
    doubtWaitMs: 600_000,
  };
  for (const [side, usual] of Object.entries(common)) {
    const taken = plans.filter(({ uncommon }) => uncommon[side as keyof typeof common] !== usual).length;
    assert.ok(taken > 60 && taken < 140, `${side}: ${taken} of 400`);
  }
});

test('shrinking: what is not needed for the failure goes, faults, time and clients', async () => {
  const plan = plans.find(({ faults, clients }) => faults.length > 30 && clients.length > 1);
  assert.ok(plan);
  const [one, other] = [plan.faults[4], plan.faults[20]];
  assert.ok(one && other);
  let runs = 0;
  const fails = async ({ keep, untilMs }: Cut): Promise<boolean> => {
    runs += 1;
    return [one, other].every(({ number, at }) => keep?.has(number) === true && at < (untilMs ?? hour));
  };
  const least = await shrink(plan, fails);
  assert.deepEqual([...(least.keep ?? [])], [one.number, other.number]);
  assert.equal(least.clients, 1);
  assert.ok((least.untilMs ?? hour) < hour);
  assert.ok(runs < 200, `${runs} runs`);
});
