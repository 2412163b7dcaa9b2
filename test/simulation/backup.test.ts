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
    await house.clock.run(2 * minute);
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
    const before = house.deliveries.length;
    const backAt = house.clock.now();
    house.cut(false);
    await house.clock.run(11 * minute);
    assert.ok((house.deliveries[before]?.at ?? Number.POSITIVE_INFINITY) - backAt < 5_000);
    assert.equal(house.queued, 0);
    assert.equal(new Set(house.deliveries.map(({ messageId }) => messageId)).size, house.accepted.length);
  },
);

backupStory(
  'a primary that puts off everything sees no storm, and each message keeps its own schedule',
  async house => {
    await house.sendToOthers();
    house.cut(true);
    await house.send(10 * minute, 500);
    house.behave({ refuse: { '@partner.example': '451 4.3.0 Not now' } });
    house.cut(false);
    const before = house.events('attempt');
    await house.clock.run(10 * minute);
    const attempts = house.events('attempt') - before;
    assert.ok(attempts > 300 && attempts < 1_000, `${attempts} attempts in ten minutes`);
    assert.ok(house.attempts <= 3, `${house.attempts} attempts of one message`);
    house.behave({});
    await house.clock.run(40 * minute);
    assert.equal(house.queued, 0);
    assert.equal(house.deliveries.length, house.accepted.length);
  },
);

backupStory('a primary that comes and goes is told of once, and nothing is lost or doubled', async house => {
  await house.sendToOthers();
  house.beginSending(1_000);
  for (let turn = 0; turn < 6; turn++) {
    house.cut(true);
    await house.clock.run(40_000);
    house.cut(false);
    await house.clock.run(20_000);
  }
  assert.deepEqual(house.told(), ['trouble']);
  await house.endSending();
  await house.clock.run(30 * minute);
  assert.equal(house.queued, 0);
  assert.equal(house.deliveries.length, house.accepted.length);
  assert.deepEqual(house.told(), ['trouble', 'over']);
});

backupStory('a primary that greets nobody is away, though it lets us connect', async house => {
  await house.sendToOthers();
  house.behave({ greeting: '421 4.3.2 Come later' });
  await house.send(5 * minute, 1_000);
  assert.ok(house.attempts <= 1, `${house.attempts} attempts`);
  assert.deepEqual(house.told(), ['trouble']);
  house.behave({});
  await house.clock.run(5 * minute);
  assert.equal(house.deliveries.length, house.accepted.length);
});

backupStory('killed while the primary is away, it still knows, and hands over on the return', async house => {
  await house.sendToOthers();
  house.cut(true);
  await house.send(5 * minute, 1_000);
  house.kill();
  await house.clock.run(5_000);
  await house.open();
  await house.send(5 * minute, 1_000);
  assert.ok(house.attempts <= 1, `${house.attempts} attempts`);
  const backAt = house.clock.now();
  house.cut(false);
  await house.clock.run(2 * minute);
  assert.ok((house.deliveries[0]?.at ?? Number.POSITIVE_INFINITY) - backAt < 5_000);
  assert.equal(house.queued, 0);
  assert.equal(new Set(house.deliveries.map(({ messageId }) => messageId)).size, house.accepted.length);
});

backupStory(
  'a message in doubt when the primary went away is not sent again before its time',
  async house => {
    await house.sendToOthers();
    house.behave({ muteAt: 'dot' });
    await house.send(1_500, 1_000);
    await house.clock.run(1_000);
    const before = house.deliveries.length;
    house.cut(true);
    await house.send(minute, 1_000);
    house.behave({});
    house.cut(false);
    await house.clock.run(2 * minute);
    const doubtful = house.accepted.slice(0, 2);
    const again = house.deliveries
      .slice(before)
      .filter(({ messageId }) => doubtful.includes(messageId ?? ''));
    assert.equal(again.length, 0);
    assert.equal(house.queued, 2, 'all others are gone');
    await house.clock.run(20 * minute);
    assert.equal(house.queued, 0);
  },
);

for (const [why, mx] of [
  ['DNS says that we are the best host', ['10 mail2.example.com', '20 mx.partner.example']],
  ['DNS does not name us', ['10 mx.partner.example']],
] as const)
  backupStory(
    `${why}: mail waits and never comes back to us, and the operator is told what to mend`,
    async house => {
      await house.send(5_000, 500);
      await house.clock.run(30 * minute);
      assert.equal(house.queued, house.accepted.length);
      assert.equal(house.events('bounced'), 0);
      assert.deepEqual(house.told(), ['trouble']);
      assert.match(house.conditions.at(-1)?.reason ?? '', /deliver_to/);
      assert.equal(house.world.gateway.listening, 1);
    },
    mx,
  );

backupStory(
  'whom the primary knows, its backup knows while it is away, and after a restart too',
  async house => {
    house.behave({ refuse: { 'nobody@partner.example': '550 5.1.1 No such user' } });
    house.beginSending(1_000, 'nobody@partner.example');
    await house.clock.run(3_000);
    await house.endSending();
    await house.send(2_000, 1_000);
    await house.clock.run(minute);
    assert.deepEqual(new Set(house.accepted.map(id => id.split('.')[0])), new Set(['<sender2']));
    house.cut(true);
    await house.clock.run(minute);
    house.kill();
    await house.open();
    house.beginSending(1_000, 'nobody@partner.example');
    await house.clock.run(5_000);
    await house.endSending();
    await house.send(2_000, 1_000);
    assert.deepEqual(
      new Set(house.accepted.map(id => id.split('.')[0])),
      new Set(['<sender2', '<sender4']),
      'who is unknown is refused, and the others are kept',
    );
  },
  undefined,
  { recipients: { kind: 'callout' } },
);
