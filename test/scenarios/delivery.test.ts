import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { QueueFilter } from '../../src/runtime/ports.ts';
import { eventually, House, isp1, isp2 } from './house.ts';
import type { Letter } from './smtp-client.ts';

/** One scenario: a house of its own, closed whatever happens. */
function scenario(sentence: string, play: (house: House) => Promise<void>): void {
  test(`scenario: ${sentence}`, async () => {
    const house = await House.build();
    try {
      await house.open();
      await play(house);
    } finally {
      await house.close();
    }
  });
}

function letter(part: Partial<Letter> & { id?: string; body?: string } = {}): Letter {
  const { id = 'one', body = 'Hello.' } = part;
  return {
    reversePath: 'sender@example.com',
    forwardPaths: ['receiver@remote.example'],
    content: `Message-ID: <${id}@example.com>\r\nSubject: ${id}\r\n\r\n${body}`,
    ...part,
  };
}

/** What one receiver has taken, as `address name` of who brought it. */
const bringers = (house: House): string[] =>
  house.remote.deliveries.map(({ remoteAddress, ehlo }) => `${remoteAddress} ${ehlo}`);

const everything: QueueFilter = {};
const fromIsp1 = `${isp1.address} ${isp1.ehlo}`;
const fromIsp2 = `${isp2.address} ${isp2.ehlo}`;

async function emptyQueue(house: House): Promise<boolean> {
  const counts = await house.gateway.queue.counts();
  return counts.ok && counts.value.recipients === 0;
}

async function queueStates(house: House): Promise<string[]> {
  const messages = await house.gateway.queue.list({}, 100, null);
  return messages.ok ? messages.value.flatMap(({ recipients }) => recipients.map(({ state }) => state)) : [];
}

/** The operator's `queue retry`. */
async function retryAll(house: House): Promise<void> {
  await house.gateway.queue.retry(everything, Date.now());
  house.gateway.wake();
}

scenario(
  'a message leaves by the preferred uplink under its own name, and the queue is empty',
  async house => {
    const told = await house.submit(letter());
    assert.match(told.greeting, /^220 mail\.example\.com ESMTP/);
    assert.match(told.dot ?? '', /^250 2\.0\.0/);
    await eventually('the delivery', () => house.remote.deliveries.length === 1);
    assert.deepEqual(bringers(house), [fromIsp1]);
    assert.equal(house.remote.deliveries[0]?.messageId, '<one@example.com>');
    await eventually('the empty queue', () => emptyQueue(house));
    await eventually('the trace', async () =>
      (await house.traceOf('sender@example.com')).includes('delivered'),
    );
  },
);

scenario('one message for two recipients of a site is one transaction', async house => {
  await house.submit(letter({ forwardPaths: ['a@remote.example', 'b@remote.example'] }));
  await eventually('both', () => house.remote.deliveries.length > 0);
  assert.deepEqual(house.remote.deliveries[0]?.rcptTo, ['a@remote.example', 'b@remote.example']);
});

scenario('mail for our own domain goes to the mail store, by no uplink', async house => {
  await house.submit(letter({ forwardPaths: ['user@example.com'] }), 'mx');
  await eventually('the delivery', () => house.mailStore.deliveries.length === 1);
  const [delivery] = house.mailStore.deliveries;
  assert.equal(delivery?.ehlo, 'mail.example.com');
  assert.notEqual(delivery?.remoteAddress, isp1.address);
});

scenario('an mx listener never relays', async house => {
  const told = await house.submit(letter(), 'mx');
  assert.match(told.rcpt[0] ?? '', /^550 5\.7\.1/);
  assert.equal(told.dot, null);
});

scenario('a restart finds all that was acknowledged', async house => {
  for (const uplink of [isp1, isp2]) await house.gateway.drain(uplink.name, null, 'scenario');
  const told = await house.submit(letter());
  assert.match(told.dot ?? '', /^250/);
  await house.shut();
  await house.open();
  assert.deepEqual((await queueStates(house)).length, 1);
  assert.equal(house.remote.deliveries.length, 0);
  await house.gateway.resume(isp2.name);
  await eventually('the delivery', () => house.remote.deliveries.length === 1);
  assert.deepEqual(bringers(house), [fromIsp2]);
});

scenario(
  'with all uplinks drained mail is taken and kept, the mail store is served, and all flows on resume',
  async house => {
    for (const uplink of [isp1, isp2]) await house.gateway.drain(uplink.name, null, 'scenario');
    for (let i = 0; i < 5; i++)
      assert.match((await house.submit(letter({ id: `kept${i}` }))).dot ?? '', /^250/);
    await house.submit(letter({ id: 'inward', forwardPaths: ['user@example.com'] }));
    await eventually('the inward delivery', () => house.mailStore.deliveries.length === 1);
    assert.equal(house.remote.counts.connections, 0);
    await house.gateway.resume(isp1.name);
    await eventually('all five', () => house.remote.deliveries.length === 5);
    await eventually('the empty queue', () => emptyQueue(house));
    assert.equal(new Set(house.remote.deliveries.map(({ messageId }) => messageId)).size, 5);
  },
);

scenario('a drained uplink is not used, and is used again on resume', async house => {
  await house.gateway.drain(isp1.name, null, 'scenario');
  await house.submit(letter({ id: 'during' }));
  await eventually('the first', () => house.remote.deliveries.length === 1);
  await house.gateway.resume(isp1.name);
  await house.submit(letter({ id: 'after' }));
  await eventually('the second', () => house.remote.deliveries.length === 2);
  assert.deepEqual(bringers(house), [fromIsp2, fromIsp1]);
});

scenario('a retry after a 4xx stays on its egress while it is up', async house => {
  house.remote.behave({ refuse: { 'receiver@remote.example': '450 4.2.1 Mailbox busy' } });
  await house.gateway.drain(isp1.name, null, 'scenario');
  await house.submit(letter());
  await eventually('the deferral', async () => (await queueStates(house)).includes('deferred'));
  await house.gateway.resume(isp1.name);
  house.remote.behave({ refuse: {} });
  await retryAll(house);
  await eventually('the delivery', () => house.remote.deliveries.length === 1);
  assert.deepEqual(bringers(house), [fromIsp2]);
});

scenario('a stand-in that is refused for policy leaves the message to the preferred uplink', async house => {
  house.remote.behave({ refuse: { 'receiver@remote.example': '550 5.7.1 Not from this address' } });
  await house.gateway.drain(isp1.name, null, 'scenario');
  await house.submit(letter());
  await eventually('the refusal', async () => (await queueStates(house)).includes('deferred'));
  assert.equal(house.mailStore.deliveries.length, 0);
  house.remote.behave({ refuse: {} });
  await house.gateway.resume(isp1.name);
  await retryAll(house);
  await eventually('the delivery', () => house.remote.deliveries.length === 1);
  assert.deepEqual(bringers(house), [fromIsp1]);
});

scenario(
  'a refusal for good comes back to the sender, and names the recipient and the words',
  async house => {
    house.remote.behave({ refuse: { 'nobody@remote.example': '550 5.1.1 No such user here' } });
    await house.submit(letter({ forwardPaths: ['nobody@remote.example'] }));
    await eventually('the bounce', () => house.mailStore.deliveries.length === 1);
    const [bounce] = house.mailStore.deliveries;
    assert.equal(bounce?.mailFrom, '');
    assert.deepEqual(bounce?.rcptTo, ['sender@example.com']);
    await eventually('the empty queue', () => emptyQueue(house));
  },
);

scenario('a refusal of one recipient does not hold back the other', async house => {
  house.remote.behave({ refuse: { 'nobody@remote.example': '550 5.1.1 No such user here' } });
  await house.submit(letter({ forwardPaths: ['nobody@remote.example', 'receiver@remote.example'] }));
  await eventually('delivery and bounce', () =>
    [house.remote, house.mailStore].every(({ deliveries }) => deliveries.length === 1),
  );
  assert.deepEqual(house.remote.deliveries[0]?.rcptTo, ['receiver@remote.example']);
});

scenario('nothing is bounced to the null reverse-path', async house => {
  house.remote.behave({ refuse: { 'nobody@remote.example': '550 5.1.1 No such user here' } });
  await house.submit(letter({ reversePath: '', forwardPaths: ['nobody@remote.example'] }));
  await eventually(
    'the refusal',
    async () => house.remote.counts.connections > 0 && (await emptyQueue(house)),
  );
  assert.equal(house.mailStore.deliveries.length, 0);
  assert.equal(house.remote.deliveries.length, 0);
});

scenario('a large body passes through the spool whole, and leaves nothing there', async house => {
  const body = Array.from(
    { length: 60_000 },
    (_, i) => `.line ${i} of a large message, which begins with a dot`,
  );
  await house.submit(letter({ id: 'large', body: body.join('\r\n') }));
  await eventually('the delivery', () => house.remote.deliveries.length === 1);
  await house.submit(letter({ id: 'large again', body: body.join('\r\n') }));
  await eventually('the second', () => house.remote.deliveries.length === 2);
  const [first, second] = house.remote.deliveries;
  assert.ok((first?.sizeBytes ?? 0) > 3_000_000);
  assert.equal(first?.bodyDigest, digestOf(`${body.join('\r\n')}\r\n`));
  assert.equal(second?.bodyDigest, first?.bodyDigest);
  await eventually(
    'the empty spool',
    async () => (await readdir(join(house.stateDir, 'spool'))).length === 0,
  );
});

scenario('a receiver that greets with 421 is tried again later, by no other uplink', async house => {
  house.remote.behave({ greeting: '421 4.3.2 Come later' });
  await house.submit(letter());
  await eventually('the deferral', async () => (await queueStates(house)).includes('deferred'));
  house.remote.behave({ greeting: null });
  await retryAll(house);
  await eventually('the delivery', () => house.remote.deliveries.length === 1);
  assert.deepEqual(bringers(house), [fromIsp1]);
});

function digestOf(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}
