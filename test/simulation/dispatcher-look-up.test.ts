import assert from 'node:assert/strict';
import type { NextHop } from '../../src/decision/next-hop/next-hop.ts';
import { type DispatcherHouse, dispatcherStories } from './dispatcher-house.ts';

const story = dispatcherStories('delivery');

const remote = 'receiver@remote.example';
const colleague = 'colleague@example.com';

/** The next hop of remote.example is found when the test says so. */
function slowRemote(house: DispatcherHouse): () => void {
  const hop = house.hops.get('remote.example');
  assert.ok(hop);
  const found = Promise.withResolvers<NextHop>();
  house.hops.set('remote.example', found.promise);
  return () => found.resolve(hop);
}

const deliveredTo = (house: DispatcherHouse, id: string): (string | null)[] =>
  house.trace(id).flatMap(({ event, recipient }) => (event === 'delivered' ? [recipient] : []));

story('a recipient of ours does not wait for the look-up of another one of its message', async house => {
  const find = slowRemote(house);
  const id = await house.accept(colleague, remote);
  await house.clock.run(1_000);
  assert.deepEqual(deliveredTo(house, id), [colleague]);
  find();
  await house.clock.run(1_000);
  assert.deepEqual(deliveredTo(house, id), [colleague, remote]);
  assert.deepEqual(await house.queued(), []);
});

story('two domains of one site that are found soon go in one transaction', async house => {
  const hop = house.hops.get('remote.example');
  assert.ok(hop);
  const find = slowRemote(house);
  house.hops.set('other.example', hop);
  await house.accept(remote, 'b@other.example');
  await house.clock.run(100);
  assert.equal(house.world.deliveries.length, 0);
  find();
  await house.clock.run(1_000);
  assert.deepEqual(
    house.world.deliveries.map(({ rcptTo }) => rcptTo.length),
    [2],
  );
});

story('a stop hands back what is still looked up, once', async house => {
  const find = slowRemote(house);
  const id = await house.accept(colleague, remote);
  await house.clock.run(1_000);
  await house.stop();
  find();
  await house.clock.run(1_000);
  assert.deepEqual(deliveredTo(house, id), [colleague]);
  assert.deepEqual(
    (await house.queued()).map(({ forwardPath, lease }) => [forwardPath, lease]),
    [[remote, null]],
  );
});
