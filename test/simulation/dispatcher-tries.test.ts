import assert from 'node:assert/strict';
import { type DispatcherHouse, dispatcherStories } from './dispatcher-house.ts';

const story = dispatcherStories('delivery, tries');

const remote = 'receiver@remote.example';

function remoteReceiver(house: DispatcherHouse) {
  const [receiver] = house.world.worldReceivers;
  assert.ok(receiver);
  return receiver;
}

function cutFirstUplink(house: DispatcherHouse): void {
  const [link] = house.world.uplinks;
  house.world.gateway.cut(link, 'black hole');
}

const causes: readonly [string, (house: DispatcherHouse) => Promise<void>, RegExp][] = [
  [
    'its session broke',
    async house => remoteReceiver(house).behave({ dropAt: 'mail' }),
    /; tried again: The session broke \(mail\): .*closed the connection/,
  ],
  [
    'its session was silent',
    async house => {
      await house.accept(remote);
      await house.clock.run(1_000);
      cutFirstUplink(house);
      house.guide.verdict = 'silent';
    },
    /; tried again: mx\.remote\.example was silent by isp1\/.*\.$/,
  ],
  [
    'its egress went down',
    async house => {
      remoteReceiver(house).behave({ muteAt: 'data' });
      house.clock.after(500, () => {
        remoteReceiver(house).behave({ muteAt: null });
        house.guide.set('isp1', 'down');
      });
    },
    /; tried again: isp1\/\S+ went down\.$/,
  ],
];

for (const [cause, bring, why] of causes)
  story(`the trace of a message that is tried again says why: ${cause}`, async house => {
    await bring(house);
    const id = await house.accept(remote);
    await house.clock.run(5_000);
    const [first, second] = house
      .trace(id)
      .filter(({ event }) => event === 'attempt')
      .map(({ reason }) => reason ?? '');
    assert.doesNotMatch(first ?? '', /tried again/);
    assert.match(second ?? '', why);
  });
