import assert from 'node:assert/strict';
import { backupStory } from './backup-house.ts';

const minute = 60_000;

backupStory('mail for the primary goes to it, and never to ourselves', async house => {
  await house.send(5_000, 500);
  await house.clock.run(2_000);
  assert.equal(house.deliveries.length, house.accepted.length);
  assert.equal(house.queued, 0);
  assert.deepEqual(house.told(), []);
});

backupStory(
  'the primary is away for ten minutes: no attempt is spent, and all is handed over in order, the first within 5 s',
  async house => {
    await house.sendToOthers();
    await house.send(5_000, 500);
    house.cut(true);
    await house.send(10 * minute, 1_000);
    const kept = house.queued;
    assert.ok(kept >= 595, `${kept} are kept`);
    assert.ok(house.attempts <= 1, `${house.attempts} attempts`);
    assert.deepEqual(house.told(), ['trouble']);
    const before = house.deliveries.length;
    const backAt = house.clock.now();
    house.cut(false);
    await house.clock.run(minute);
    const after = house.deliveries.slice(before);
    assert.ok(
      (after[0]?.at ?? Number.POSITIVE_INFINITY) - backAt < 5_000,
      `${(after[0]?.at ?? 0) - backAt} ms`,
    );
    assert.equal(house.queued, 0);
    assert.equal(house.deliveries.length, house.accepted.length);
    assert.equal(new Set(house.deliveries.map(({ messageId }) => messageId)).size, house.accepted.length);
    assert.deepEqual(house.told(), ['trouble', 'over']);
  },
);

backupStory(
  'a gateway that knows no host but the primary takes its silence for that of the uplinks, and hands over as soon',
  async house => {
    await house.send(5_000, 500);
    house.cut(true);
    await house.send(10 * minute, 1_000);
    assert.deepEqual(house.told(), []);
    const before = house.deliveries.length;
    const backAt = house.clock.now();
    house.cut(false);
    await house.clock.run(11 * minute);
    assert.ok((house.deliveries[before]?.at ?? Number.POSITIVE_INFINITY) - backAt < 5_000);
    assert.equal(house.queued, 0);
    assert.equal(new Set(house.deliveries.map(({ messageId }) => messageId)).size, house.accepted.length);
  },
);
