import assert from 'node:assert/strict';
import { freshRecipient, type MessageClient, type QueuedMessage } from '../../src/decision/queue/queued.ts';
import { senderTurn } from '../../src/decision/queue/turn.ts';
import { type DispatcherHouse, dispatcherStories } from './dispatcher-house.ts';
import { must } from './reference-network.ts';

/** Whoever sends a heap, and whoever is dead, keeps nobody else waiting. */
const story = dispatcherStories('delivery, fairness');

const client: MessageClient = {
  address: '10.20.0.10',
  helo: 'store.example.com',
  listener: '10.20.0.2:25',
  uplink: null,
};

/** As the intake does: at once in hand where there is room for this sender, else left in the store. Gives whether. */
async function accept(house: DispatcherHouse, reversePath: string, forwardPath: string): Promise<boolean> {
  const now = house.clock.now();
  const id = house.ids.next(now);
  const bytes = Buffer.from(`Message-ID: <${id}@example.com>\r\n\r\nx\r\n`);
  const message: QueuedMessage = {
    id,
    receivedAt: now,
    reversePath,
    sizeBytes: bytes.length,
    bodyType: '7bit',
    client,
  };
  const body = { kind: 'inline', bytes } as const;
  const inHand = house.dispatcher.roomFor(senderTurn(message)) >= 1;
  const lease = inHand ? { owner: 'node', until: now + 300_000 } : null;
  void house.store.append({ message, body, forwardPaths: [forwardPath], lease });
  if (lease === null) house.dispatcher.wake();
  else
    house.dispatcher.offer([
      {
        message,
        body,
        recipient: freshRecipient(message, 0, forwardPath, lease, null),
      },
    ]);
  return inHand;
}

const from = (house: DispatcherHouse, reversePath: string): number =>
  house.world.deliveries.filter(({ mailFrom }) => mailFrom === reversePath).length;

story('a sender of a heap to a slow receiver keeps no other sender waiting', async house => {
  for (const receiver of house.world.worldReceivers) receiver.behave({ dotDelayMs: 1_000 });
  const taken: boolean[] = [];
  for (let n = 0; n < 10_000; n++)
    taken.push(await accept(house, 'heap@example.com', 'receiver@remote.example'));
  assert.ok(taken.includes(false), 'not all of the heap is in memory');
  assert.ok(house.dispatcher.room > 4_000, 'half of it is left to others');
  await house.clock.run(2_000);
  assert.ok(await accept(house, 'few@example.com', 'receiver@remote.example'), 'the door is open to others');
  await house.clock.run(3_000);
  assert.equal(from(house, 'few@example.com'), 1);
  assert.ok(from(house, 'heap@example.com') < 1_000);
});

story('new mail goes past retries that fill their share of the memory', async house => {
  for (let n = 0; n < 9_000; n++) {
    const domain = `d${n % 300}.dead.example`;
    const forwardPath = `someone@${domain}`;
    const to = { host: `mx.${domain}`, address: '198.18.9.9', port: 25 };
    const host = { name: to.host, mxPreference: 10, addresses: [to], local: false };
    house.hops.set(domain, { kind: 'hosts', site: to.host, hosts: [host] });
    const now = house.clock.now();
    const id = house.ids.next(now);
    const body = { kind: 'inline', bytes: Buffer.from('x\r\n') } as const;
    const plain = { reversePath: 'bulk@example.com', sizeBytes: 3, bodyType: '7bit', client: null } as const;
    const message = { id, receivedAt: now, ...plain };
    void house.store.append({ message, body, forwardPaths: [forwardPath], lease: null });
    const waits = { attempts: 3, nextAttemptAt: now, lastEgress: null, lastReply: null, doubt: null };
    void house.store.settle([{ message: id, index: 0, to: { kind: 'keep', state: 'deferred', ...waits } }]);
  }
  must(await house.clock.await(house.store.counts()));
  house.dispatcher.wake();
  await house.clock.run(2_000);
  assert.ok(house.dispatcher.room >= 2_000, `room for ${house.dispatcher.room}`);
  assert.ok(await accept(house, 'few@example.com', 'receiver@remote.example'));
  await house.clock.run(1_000);
  assert.equal(from(house, 'few@example.com'), 1);
});
