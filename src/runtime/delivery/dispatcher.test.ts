import assert from 'node:assert/strict';
import { type DispatcherHouse, dispatcherStories } from '../../../test/simulation/dispatcher-house.ts';

const story = dispatcherStories('delivery');

const byIsp1 = '198.51.100.30 mail.example.com';
const byIsp2 = '203.0.113.40 mail2.example.com';
const remote = 'receiver@remote.example';

/** The receiver of remote.example. */
function remoteReceiver(house: DispatcherHouse) {
  const [receiver] = house.world.worldReceivers;
  assert.ok(receiver);
  return receiver;
}

const isp1 = (house: DispatcherHouse) => house.world.uplinks[0];
const isp2 = (house: DispatcherHouse) => house.world.uplinks[1];

story('a message leaves by the preferred egress under its name, and is done', async house => {
  const id = await house.accept(remote);
  await house.clock.run(1_000);
  assert.deepEqual(house.bringers, [byIsp1]);
  assert.deepEqual(house.eventsOf(id), ['attempt', 'delivered']);
  assert.deepEqual(await house.queued(), []);
});

story('messages for one site share a kept session, which ends with QUIT when idle for long', async house => {
  for (let n = 0; n < 10; n++) {
    await house.accept(remote);
    await house.clock.run(500);
  }
  assert.equal(remoteReceiver(house).counts.deliveries, 10);
  assert.equal(remoteReceiver(house).counts.connections, 1);
  await house.clock.run(60_000);
  assert.equal(remoteReceiver(house).counts.open, 0);
});

story('recipients of one site go in one transaction, of two sites in two', async house => {
  await house.accept(remote, 'second@remote.example', 'third@partner.example');
  await house.clock.run(2_000);
  assert.deepEqual(
    house.world.deliveries.map(({ rcptTo }) => rcptTo.length).toSorted((one, other) => one - other),
    [1, 2],
  );
});

story('the next egress starts beside a silent one, and both are told of', async house => {
  house.world.gateway.cut(isp1(house), 'black hole');
  const id = await house.accept(remote);
  await house.clock.run(2_000);
  assert.deepEqual(house.bringers, [byIsp2]);
  assert.deepEqual(house.eventsOf(id), ['hedged', 'attempt', 'delivered']);
  const failed = house.guide.observed.filter(({ observation }) => observation.kind === 'failed');
  assert.equal(failed.length, 1);
  const [{ observation } = { observation: null }] = failed;
  assert.ok(observation?.kind === 'failed' && observation.overtaken);
  assert.equal(observation.reachedBy, 'isp2/203.0.113.40');
});

story('a refused connection starts the next egress at once', async house => {
  house.guide.headStart = 10_000;
  house.world.gateway.cut(isp1(house), 'mail port reset');
  await house.accept(remote);
  await house.clock.run(2_000);
  assert.deepEqual(house.bringers, [byIsp2]);
});

story('an egress that goes down while it connects is overtaken at once', async house => {
  house.guide.headStart = 10_000;
  house.world.gateway.cut(isp1(house), 'black hole');
  await house.accept(remote);
  await house.clock.run(100);
  house.guide.set('isp1', 'down');
  await house.clock.run(2_000);
  assert.deepEqual(house.bringers, [byIsp2]);
});

story(
  'a session that the network cuts off before it took mail is opened anew by the next egress at once',
  async house => {
    remoteReceiver(house).behave({ greetingDelayMs: 1_000 });
    await house.accept(remote);
    await house.clock.run(500);
    house.world.gateway.cut(isp1(house), 'outward lost');
    await house.clock.run(700);
    house.world.gateway.cut(isp1(house), 'mail port reset');
    remoteReceiver(house).behave({ greetingDelayMs: 0 });
    await house.clock.run(1_500);
    assert.deepEqual(house.bringers, [byIsp2]);
  },
);

story('a kept session on a dead link costs no more than half a second', async house => {
  await house.accept(remote);
  await house.clock.run(1_000);
  house.world.gateway.cut(isp1(house), 'black hole');
  house.guide.verdict = 'silent';
  await house.accept(remote);
  await house.clock.run(500);
  assert.equal(remoteReceiver(house).callers.get('203.0.113.40'), 1);
  await house.clock.run(2_000);
  assert.deepEqual(house.bringers, [byIsp1, byIsp2]);
  assert.equal(house.guide.suspected, 1);
});

story('a slow receiver is asked after, and waited for', async house => {
  remoteReceiver(house).behave({ replyDelayMs: 2_000 });
  await house.accept(remote);
  await house.clock.run(20_000);
  assert.deepEqual(house.bringers, [byIsp1]);
  assert.ok(house.guide.suspected > 0);
  assert.equal(remoteReceiver(house).counts.connections, 1);
});

story('silence while our own event loop is late proves nothing', async house => {
  remoteReceiver(house).behave({ replyDelayMs: 2_000 });
  house.guide.trusted = false;
  house.guide.verdict = 'silent';
  await house.accept(remote);
  await house.clock.run(20_000);
  assert.equal(house.guide.suspected, 0);
  assert.deepEqual(house.bringers, [byIsp1]);
});

story('before the dot, what an egress had under way is sent elsewhere when it goes down', async house => {
  remoteReceiver(house).behave({ muteAt: 'data' });
  await house.accept(remote);
  await house.clock.run(1_000);
  remoteReceiver(house).behave({ muteAt: null });
  house.guide.set('isp1', 'down');
  await house.clock.run(1_000);
  assert.deepEqual(house.bringers, [byIsp2]);
});

story('after the dot it is in doubt, and a late answer resolves it', async house => {
  remoteReceiver(house).behave({ dotDelayMs: 30_000 });
  const id = await house.accept(remote);
  await house.clock.run(2_000);
  house.guide.set('isp1', 'down');
  await house.clock.run(1_000);
  const [doubted] = await house.queued();
  assert.equal(doubted?.state, 'in_doubt');
  assert.equal(doubted?.doubt?.egressId, 'isp1/198.51.100.30');
  await house.clock.run(40_000);
  assert.deepEqual(house.eventsOf(id), ['attempt', 'in_doubt', 'delivered']);
  assert.deepEqual(await house.queued(), []);
  await house.clock.run(700_000);
  assert.deepEqual(house.bringers, [byIsp1]);
});

story(
  'a doubt that nobody resolves is sent again by the other egress, once its time is over',
  async house => {
    remoteReceiver(house).behave({ muteAt: 'dot' });
    const id = await house.accept(remote);
    await house.clock.run(2_000);
    house.world.gateway.cut(isp1(house), 'black hole');
    house.guide.set('isp1', 'down');
    remoteReceiver(house).behave({ muteAt: null });
    await house.clock.run(500_000);
    assert.equal(house.bringers.length, 1);
    await house.clock.run(200_000);
    assert.deepEqual(house.bringers, [byIsp1, byIsp2]);
    assert.deepEqual(house.eventsOf(id), ['attempt', 'in_doubt', 'attempt', 'delivered']);
    assert.equal(house.world.deliveries[0]?.messageId, house.world.deliveries[1]?.messageId);
    assert.deepEqual(await house.queued(), []);
  },
);

story('a connection that breaks after the dot leaves a doubt', async house => {
  remoteReceiver(house).behave({ dropAt: 'dot' });
  await house.accept(remote);
  await house.clock.run(2_000);
  const [doubted] = await house.queued();
  assert.equal(doubted?.doubt?.cause, 'dot');
  assert.equal(remoteReceiver(house).counts.connections, 1);
});

story('a receiver that hangs up before the dot is tried again a few times, then later', async house => {
  remoteReceiver(house).behave({ dropAt: 'rcpt' });
  await house.accept(remote);
  await house.clock.run(5_000);
  const [deferred] = await house.queued();
  assert.equal(deferred?.state, 'deferred');
  assert.equal(deferred?.attempts, 1);
  assert.ok(remoteReceiver(house).counts.connections <= 6);
});

story('a receiver that ends sessions after a few messages is no failure', async house => {
  remoteReceiver(house).behave({ messagesPerSession: 1 });
  for (let n = 0; n < 5; n++) await house.accept(remote);
  await house.clock.run(5_000);
  assert.equal(house.bringers.length, 5);
  assert.ok(!house.eventsOf().includes('deferred'));
});

story('while all uplinks are down nothing is attempted, and our own store is served', async house => {
  house.guide.set('isp1', 'down');
  house.guide.set('isp2', 'down');
  for (let n = 0; n < 20; n++) await house.accept(remote);
  await house.accept('user@example.com');
  await house.clock.run(3_600_000);
  assert.deepEqual(
    house.world.deliveries.map(({ rcptTo }) => rcptTo[0]),
    ['user@example.com'],
  );
  assert.equal(house.eventsOf().filter(event => event === 'attempt').length, 1);
  assert.ok(house.guide.considered.length > 0);
  house.guide.set('isp2', 'up');
  await house.clock.run(3_000);
  assert.equal(house.bringers.filter(each => each === byIsp2).length, 20);
  assert.ok((await house.queued()).length === 0);
});

story('after an outage mail leaves at a measured pace', async house => {
  house.guide.set('isp1', 'down');
  house.guide.set('isp2', 'down');
  for (let n = 0; n < 300; n++) await house.accept(remote);
  await house.clock.run(1_000);
  house.guide.set('isp1', 'up');
  await house.clock.run(900);
  const first = house.bringers.length;
  assert.ok(first > 20 && first <= 50, `${first} in the first second`);
  await house.clock.run(5_000);
  assert.equal(house.bringers.length, 300);
});

story('a message parked past its time goes back to its sender', async house => {
  house.guide.set('isp1', 'down');
  house.guide.set('isp2', 'down');
  const id = await house.accept(remote);
  await house.clock.run(121 * 3_600_000);
  assert.deepEqual(house.eventsOf(id), ['expired']);
  assert.deepEqual(
    house.world.deliveries.map(({ rcptTo }) => rcptTo[0]),
    ['sender@example.com'],
  );
});

story('time without any uplink does not count toward expiry', async house => {
  house.outages.push({ from: house.clock.now(), to: null });
  house.guide.set('isp1', 'down');
  house.guide.set('isp2', 'down');
  const id = await house.accept(remote);
  await house.clock.run(130 * 3_600_000);
  assert.deepEqual(house.eventsOf(id), []);
});

story(
  'a refusal of the stand-in waits for the preferred egress, and its return wakes the message',
  async house => {
    house.guide.set('isp1', 'down');
    remoteReceiver(house).behave({ refuse: { [remote]: '550 5.7.1 Your address is not wanted here' } });
    const id = await house.accept(remote);
    await house.clock.run(2_000);
    const [waiting] = await house.queued();
    assert.equal(waiting?.state, 'deferred');
    assert.equal(waiting?.lastEgress, null);
    assert.deepEqual(house.guide.penalised, ['isp2/203.0.113.40']);
    assert.match(house.warnings()[0] ?? '', /refused mail from the stand-in 203\.0\.113\.40/);
    // On the schedule the stand-in is not asked again.
    await house.clock.run(4 * 3_600_000);
    assert.equal(house.eventsOf(id).filter(event => event === 'attempt').length, 1);
    remoteReceiver(house).behave({ refuse: {} });
    house.guide.set('isp1', 'up');
    await house.clock.run(2_000);
    assert.deepEqual(house.bringers, [byIsp1]);
  },
);

story(
  'a greeting that refuses the stand-in waits too, and other hosts are not asked through it',
  async house => {
    house.guide.set('isp1', 'down');
    remoteReceiver(house).behave({ greeting: '554 5.7.1 Not you' });
    await house.accept(remote);
    await house.clock.run(2_000);
    const [waiting] = await house.queued();
    assert.equal(waiting?.lastReply, '554 5.7.1 Not you');
    assert.ok(!house.eventsOf().includes('bounced'));
  },
);

story('the preferred egress’s refusal is the answer: no other egress asks', async house => {
  remoteReceiver(house).behave({ greeting: '554 5.7.1 Not you' });
  const id = await house.accept(remote);
  await house.clock.run(2_000);
  assert.deepEqual(house.eventsOf(id), ['bounced']);
  assert.equal(remoteReceiver(house).callers.get('203.0.113.40'), undefined);
  assert.deepEqual(
    house.world.deliveries.map(({ mailFrom, rcptTo }) => [mailFrom, ...rcptTo]),
    [['', 'sender@example.com']],
  );
});

story('a 4xx stays on its egress though the preferred one is back', async house => {
  house.guide.set('isp1', 'down');
  remoteReceiver(house).behave({ refuse: { [remote]: '451 4.3.0 Later' } });
  await house.accept(remote);
  await house.clock.run(2_000);
  house.guide.set('isp1', 'up');
  remoteReceiver(house).behave({ refuse: {} });
  await house.clock.run(1_200_000);
  assert.deepEqual(house.bringers, [byIsp2]);
});

story('a kept session of a stand-in is left as soon as the preferred egress is back', async house => {
  house.guide.set('isp1', 'down');
  await house.accept(remote);
  await house.clock.run(1_000);
  house.guide.set('isp1', 'up');
  await house.accept(remote);
  await house.clock.run(1_000);
  assert.deepEqual(house.bringers, [byIsp2, byIsp1]);
  assert.equal(remoteReceiver(house).counts.open, 1);
});

story('a drained egress finishes what it has under way', async house => {
  remoteReceiver(house).behave({ replyDelayMs: 1_000 });
  await house.accept(remote);
  await house.clock.run(1_500);
  house.guide.set('isp1', 'drained');
  await house.clock.run(20_000);
  assert.deepEqual(house.bringers, [byIsp1]);
  assert.equal(remoteReceiver(house).counts.open, 0);
});

story('a bounce names the recipient; the null reverse-path gets none', async house => {
  remoteReceiver(house).behave({ refuse: { [remote]: '550 5.1.1 No such user here' } });
  await house.accept(remote);
  await house.acceptFrom('', [remote]);
  await house.clock.run(3_000);
  assert.equal(house.eventsOf().filter(event => event === 'bounced').length, 2);
  assert.equal(house.world.deliveries.length, 1);
  assert.deepEqual(await house.queued(), []);
});

story('a domain that takes no mail bounces, one that DNS is silent about waits', async house => {
  house.hops.set('null.example', {
    kind: 'refused',
    code: 556,
    enhancedStatus: '5.1.10',
    reason: 'The domain takes no mail.',
  });
  const refused = await house.accept('a@null.example');
  const silent = await house.accept('a@silent.example');
  await house.clock.run(20_000);
  assert.deepEqual(house.eventsOf(refused), ['bounced']);
  assert.deepEqual(house.eventsOf(silent), ['deferred']);
});

story(
  'while no uplink is up, what DNS says bounces nothing: a resolver that is cut off may deny every name',
  async house => {
    const nowhere = {
      kind: 'refused',
      code: 550,
      enhancedStatus: '5.1.2',
      reason: 'The domain does not exist.',
    } as const;
    house.hops.set('nowhere.example', nowhere);
    house.guide.set('isp1', 'down');
    house.guide.set('isp2', 'down');
    const id = await house.accept('a@nowhere.example');
    await house.clock.run(60_000);
    assert.deepEqual(house.eventsOf(id), []);
    house.guide.set('isp1', 'up');
    await house.clock.run(5_000);
    assert.deepEqual(house.eventsOf(id), ['bounced']);
  },
);

story(
  'both uplinks fail at once and nobody knows yet: the message is not put off for minutes',
  async house => {
    for (const link of [isp1(house), isp2(house)]) house.world.gateway.cut(link, 'mail port reset');
    const id = await house.accept(remote);
    await house.clock.run(1_000);
    house.guide.set('isp1', 'down');
    house.guide.set('isp2', 'down');
    await house.clock.run(60_000);
    for (const link of [isp1(house), isp2(house)]) house.world.gateway.cut(link, null);
    house.guide.set('isp1', 'up');
    await house.clock.run(5_000);
    assert.deepEqual(house.eventsOf(id), ['attempt', 'delivered']);
  },
);

story('a large body holds its dot back until the far side has nearly all', async house => {
  isp1(house).quality = { ...isp1(house).quality, bytesPerMs: 100 };
  const id = await house.acceptFrom('sender@example.com', [remote], 1_000_000);
  await house.clock.run(5_000);
  house.guide.verdict = 'silent';
  house.world.gateway.cut(isp1(house), 'black hole');
  house.guide.set('isp1', 'down');
  await house.clock.run(8_000);
  assert.deepEqual(house.bringers, [byIsp2]);
  assert.ok(!house.eventsOf(id).includes('in_doubt'));
});

story('the dot of a large body to the mail store behind us follows it at once', async house => {
  const id = await house.acceptFrom('sender@example.com', ['user@example.com'], 100_000);
  await house.clock.run(2_000);
  const last = house.trace(id).at(-1);
  assert.equal(last?.event, 'delivered');
  assert.ok((last?.elapsedMs ?? Number.POSITIVE_INFINITY) < 50, `It took ${last?.elapsedMs} ms.`);
});

story('a stop hands back what waits and finishes what is under way', async house => {
  remoteReceiver(house).behave({ replyDelayMs: 500 });
  await house.accept(remote);
  await house.clock.run(2_500);
  assert.deepEqual(house.eventsOf(), ['attempt']);
  house.guide.set('isp1', 'drained');
  house.guide.set('isp2', 'drained');
  const parked = await house.accept('receiver@partner.example');
  await house.clock.run(100);
  await house.stop();
  assert.deepEqual(house.bringers, [byIsp1]);
  const [left, ...others] = await house.queued();
  assert.deepEqual(others, []);
  assert.equal(left?.message, parked);
  assert.equal(left?.lease, null);
  assert.equal(left?.attempts, 0);
});

story('a second life finds what the store holds', async house => {
  void house.store.append({
    message: {
      id: house.ids.next(house.clock.now()),
      receivedAt: house.clock.now(),
      reversePath: '',
      sizeBytes: 3,
      bodyType: '7bit',
      client: null,
    },
    body: { kind: 'inline', bytes: Buffer.from('x\r\n') },
    forwardPaths: [remote],
    lease: null,
  });
  await house.clock.run(10);
  house.dispatcher.wake();
  await house.clock.run(2_000);
  assert.deepEqual(house.bringers, [byIsp1]);
});

story('the last uplink goes down with a session and a connect under way: both jobs wait', async house => {
  house.guide.set('isp2', 'down');
  remoteReceiver(house).behave({ muteAt: 'data' });
  await house.accept(remote);
  await house.clock.run(2_000);
  house.world.gateway.cut(isp1(house), 'black hole');
  await house.accept(remote);
  await house.clock.run(100);
  house.guide.set('isp1', 'down');
  await house.clock.run(10_000);
  remoteReceiver(house).behave({ muteAt: null });
  house.guide.set('isp2', 'up');
  await house.clock.run(5_000);
  assert.deepEqual(house.bringers, [byIsp2, byIsp2]);
});
