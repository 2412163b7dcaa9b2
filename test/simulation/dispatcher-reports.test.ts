import assert from 'node:assert/strict';
import { type DispatcherHouse, dispatcherStories } from './dispatcher-house.ts';

/** What senders hear of their mail. */
const story = dispatcherStories('delivery, reports');

const hour = 3_600_000;
const remote = 'receiver@remote.example';
const inside = 'someone@example.com';

function remoteOf(house: DispatcherHouse) {
  const receiver = house.world.worldReceivers.find(each => each.name === 'mx.remote.example');
  assert.ok(receiver);
  return receiver;
}

const refusing = (line: string) => ({ refuse: { [remote]: line } });

/** Of each report the action and the status. */
const told = ({ store }: DispatcherHouse): string[] =>
  store.reports.map(text => /Action: (\w+)\r\nStatus: (\S+)/.exec(text)?.slice(1).join(' ') ?? text);

story('a failure is told in whose words, with what was asked of reports', async house => {
  remoteOf(house).behave(refusing('550 5.1.1 No such user here'));
  const asked = { notify: ['failure'], orcpt: 'rfc822;alias@example.com' } as const;
  await house.acceptAsked(asked, remote, { ret: 'full', envid: 'QQ314159' });
  await house.clock.run(5_000);
  assert.deepEqual(told(house), ['failed 5.1.1']);
  const [report = ''] = house.store.reports;
  for (const line of [
    'To: <sender@example.com>',
    'Original-Envelope-Id: QQ314159',
    'Original-Recipient: rfc822; alias@example.com',
    'Remote-MTA: dns; mx.remote.example',
    'Diagnostic-Code: smtp; 550 5.1.1 No such user here',
    'Content-Type: message/rfc822',
  ])
    assert.ok(report.includes(`${line}\r\n`), line);
  assert.equal(house.world.deliveries.at(-1)?.mailFrom, '');
});

const silent: [string, readonly ('success' | 'failure' | 'delay')[]][] = [
  ['NOTIFY=NEVER', []],
  ['NOTIFY=SUCCESS,DELAY', ['success', 'delay']],
];
for (const [asked, notify] of silent) {
  story(`a failure is not told where ${asked} was asked`, async house => {
    remoteOf(house).behave(refusing('550 5.1.1 No such user here'));
    await house.acceptAsked({ notify, orcpt: null }, remote);
    await house.clock.run(5_000);
    assert.deepEqual(told(house), []);
    assert.deepEqual(await house.queued(), []);
  });
}

const success = { notify: ['success'], orcpt: null } as const;

story('a success is told where that was asked and the next server tells nothing itself', async house => {
  await house.acceptAsked(success, remote);
  await house.clock.run(5_000);
  assert.deepEqual(told(house), ['relayed 2.0.0']);
});

story('a success is left to the next server where that reports', async house => {
  remoteOf(house).behave({ dsn: true });
  await house.acceptAsked(success, remote);
  await house.clock.run(5_000);
  assert.deepEqual(told(house), []);
  assert.equal(house.world.deliveries.length, 1);
});

story('what our own mail store took was delivered', async house => {
  await house.acceptAsked(success, inside);
  await house.clock.run(5_000);
  assert.deepEqual(told(house), ['delivered 2.0.0']);
});

story('a wait is told once, and until when it is tried', async house => {
  house.keepAndTell(4 * hour);
  remoteOf(house).behave(refusing('451 4.7.1 Come again'));
  const id = await house.accept(remote);
  await house.clock.run(3.9 * hour);
  assert.deepEqual(told(house), []);
  await house.clock.run(0.2 * hour);
  assert.deepEqual(told(house), ['delayed 4.7.1']);
  assert.match(house.store.reports[0] ?? '', /Will-Retry-Until: /);
  await house.clock.run(40 * hour);
  assert.equal(house.store.reports.length, 1);
  await house.clock.run(80 * hour);
  assert.deepEqual(told(house), ['delayed 4.7.1', 'failed 4.4.7']);
  assert.equal(house.eventsOf(id).at(-1), 'expired');
});

story('no wait is told to who asked for failures alone, nor of a bounce', async house => {
  house.keepAndTell(4 * hour);
  remoteOf(house).behave(refusing('451 4.7.1 Come again'));
  await house.acceptAsked({ notify: ['failure'], orcpt: null }, remote);
  await house.acceptFrom('', [remote]);
  await house.clock.run(10 * hour);
  assert.deepEqual(told(house), []);
});

story('a wait is told while no uplink is up, to a sender who can be reached', async house => {
  house.keepAndTell(4 * hour);
  for (const uplink of ['isp1', 'isp2']) house.guide.set(uplink, 'down');
  await house.accept(remote, 'other@partner.example');
  await house.clock.run(4 * hour + 30_000);
  assert.deepEqual(told(house), ['delayed 4.4.0']);
  assert.equal(house.store.reports[0]?.match(/Action: delayed/g)?.length, 2, 'one report for all recipients');
  await house.clock.run(10 * hour);
  assert.equal(house.store.reports.length, 1);
  assert.equal(house.world.deliveries.at(-1)?.rcptTo[0], 'sender@example.com');
  house.guide.set('isp1', 'up');
  await house.clock.run(hour);
  assert.deepEqual(await house.queued(), []);
});

story('a domain keeps its mail for a time of its own', async house => {
  house.keepAndTell(null, path => (path === remote ? 21 * 24 * hour : null));
  remoteOf(house).behave(refusing('451 4.7.1 Come again'));
  await house.accept(remote);
  await house.clock.run(20 * 24 * hour);
  assert.deepEqual(told(house), []);
  assert.equal((await house.queued()).length, 1);
  await house.clock.run(1.2 * 24 * hour);
  assert.deepEqual(told(house), ['failed 4.4.7']);
});
