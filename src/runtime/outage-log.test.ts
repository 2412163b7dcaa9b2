import assert from 'node:assert/strict';
import test from 'node:test';
import type { Outage } from '../decision/queue/queued.ts';
import { OutageLog } from './outage-log.ts';
import type { Clock, QueueStore } from './ports.ts';

function build(stored: readonly Outage[], at: { now: number }) {
  const saved: (readonly Outage[])[] = [];
  const clock = { now: () => at.now } as Clock;
  const store = {
    outages: async () => ({ ok: true, value: stored }),
    saveOutages: async (outages: readonly Outage[]) => {
      saved.push(outages);
      return { ok: true, value: undefined };
    },
  } as unknown as QueueStore;
  return { log: new OutageLog(clock, store), saved };
}

test('an outage begins and ends once, however often it is told', async () => {
  const at = { now: 1_000 };
  const { log, saved } = build([], at);
  await log.start();
  log.note(true);
  assert.deepEqual(log.outages, []);
  log.note(false);
  at.now = 2_000;
  log.note(false);
  at.now = 3_000;
  log.note(true);
  log.note(true);
  assert.deepEqual(log.outages, [{ from: 1_000, to: 3_000 }]);
  assert.equal(saved.length, 2);
});

test('an outage that lasted at the last stop ends at the next start', async () => {
  const { log } = build([{ from: 10, to: null }], { now: 50 });
  await log.start();
  assert.deepEqual(log.outages, [{ from: 10, to: 50 }]);
});

test('a wall clock that goes back makes no outage of negative length', async () => {
  const at = { now: 1_000 };
  const { log } = build([], at);
  await log.start();
  log.note(false);
  at.now = 500;
  log.note(true);
  assert.deepEqual(log.outages, [{ from: 1_000, to: 1_000 }]);
});
