import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SharedSync } from './shared-sync.ts';

/** Syncs that end when the test says so. */
function heldSyncs() {
  const begun: PromiseWithResolvers<void>[] = [];
  const shared = new SharedSync(() => {
    const sync = Promise.withResolvers<void>();
    begun.push(sync);
    return sync.promise;
  });
  return { begun, shared };
}

test('who asks while a sync runs is served by the next one, together', async () => {
  const { begun, shared } = heldSyncs();
  const served: string[] = [];
  const ask = (who: string) => void shared.ask().then(() => served.push(who));
  ask('first');
  await nextTurn();
  ask('second');
  ask('third');
  await nextTurn();
  assert.equal(begun.length, 1);
  begun[0]?.resolve();
  await nextTurn();
  assert.deepEqual(served, ['first']);
  assert.equal(begun.length, 2);
  begun[1]?.resolve();
  await nextTurn();
  assert.deepEqual(served, ['first', 'second', 'third']);
  assert.equal(begun.length, 2);
});

test('a sync that fails, fails for those who share it and for nobody after them', async () => {
  const { begun, shared } = heldSyncs();
  const both = Promise.allSettled([shared.ask(), shared.ask()]);
  await nextTurn();
  const after = shared.ask();
  begun[0]?.reject(new Error('The disk is sick.'));
  assert.deepEqual(
    (await both).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await nextTurn();
  begun[1]?.resolve();
  await after;
});
