import assert from 'node:assert/strict';
import test from 'node:test';
import type { Settings } from '../../src/config/settings.ts';
import type { GatewayEvent } from '../../src/runtime/events.ts';
import { certificateFile } from '../certificates.ts';
import { eventually, House } from './house.ts';
import { RawClient } from './raw-client.ts';

const files = (name: string) => ({
  certFile: certificateFile(`${name}.pem`),
  keyFile: certificateFile(`${name}.key`),
});

/** Two doors, as two uplinks have them, each with its own greeting and certificate. */
function twoDoors(usual: Settings): Settings {
  const [, mx] = usual.listeners;
  assert.ok(mx);
  return {
    ...usual,
    listeners: [
      { ...mx, name: 'mx1.example.com', tls: files('mx1') },
      { ...mx, address: '127.0.0.5', name: 'mx2.example.com', tls: files('mx2') },
    ],
  };
}

async function scenario(
  play: (house: House, call: (door: 0 | 1) => Promise<RawClient>, seen: GatewayEvent[]) => Promise<void>,
): Promise<void> {
  const house = await House.build();
  const clients: RawClient[] = [];
  try {
    await house.open(twoDoors);
    const seen: GatewayEvent[] = [];
    house.gateway.events.subscribe(event => seen.push(event));
    await play(
      house,
      async door => {
        const listener = house.gateway.listeners()[door];
        assert.ok(listener);
        const client = await RawClient.call(listener);
        clients.push(client);
        return client;
      },
      seen,
    );
  } finally {
    for (const client of clients) client.hangUp();
    await house.close();
  }
}

/** To the handshake, and through it under this name; then EHLO again. Gives the certificate's names and what is offered. */
async function secured(client: RawClient, servername: string): Promise<[string | undefined, string]> {
  await client.say('EHLO client.example.com\r\n');
  assert.deepEqual(await client.say('STARTTLS\r\n'), ['220 2.0.0 Begin the handshake.']);
  const socket = await client.secure(servername);
  assert.equal(socket.authorized, true);
  const [offers = ''] = await client.say('EHLO client.example.com\r\n');
  return [socket.getPeerCertificate().subjectaltname, offers];
}

test('scenario: each door has its own greeting and certificate, and by SNI the other one’s', () =>
  scenario(async (_house, call) => {
    for (const [door, name, asked] of [
      [0, 'mx1.example.com', 'mx1.example.com'],
      [1, 'mx2.example.com', 'mx2.example.com'],
      [0, 'mx1.example.com', 'mx2.example.com'],
    ] as const) {
      const client = await call(door);
      assert.equal(await client.reply(), `220 ${name} ESMTP`);
      const [names, offers] = await secured(client, asked);
      assert.equal(names, `DNS:${asked}`);
      assert.ok(offers.startsWith(`250-${name} greets you`));
      assert.ok(!offers.includes('STARTTLS'));
    }
  }));

test('scenario: a message under TLS says so in Received and in the trace, and reaches the mail store', () =>
  scenario(async (house, call, seen) => {
    const client = await call(0);
    await client.reply();
    await secured(client, 'mx1.example.com');
    const replies = await client.say(
      'MAIL FROM:<secret@client.example>\r\nRCPT TO:<user@example.com>\r\nBDAT 16 LAST\r\nSubject: x\r\n\r\nab',
      3,
    );
    assert.deepEqual(
      replies.map(reply => reply.slice(0, 3)),
      ['250', '250', '250'],
    );
    await eventually('the delivery', () => house.mailStore.deliveries.length === 1);
    const accepted = seen.flatMap(event =>
      event.kind === 'message' && event.trace.event === 'accepted' ? [event.trace.tls] : [],
    );
    assert.deepEqual(accepted, ['TLSv1.3 TLS_AES_256_GCM_SHA384']);
    assert.ok(seen.some(event => event.kind === 'tls' && event.side === 'server' && event.facts !== null));
  }));

test('scenario: a client resumes its session, at the door where it was made', () =>
  scenario(async (_house, call) => {
    const first = await call(0);
    await first.reply();
    await first.say('EHLO client.example.com\r\n');
    await first.say('STARTTLS\r\n');
    const socket = await first.secure('mx1.example.com');
    const session = await new Promise<Buffer>(resolve => socket.once('session', resolve));
    const second = await call(0);
    await second.reply();
    await second.say('EHLO client.example.com\r\n');
    await second.say('STARTTLS\r\n');
    assert.equal((await second.secure('mx1.example.com', session)).isSessionReused(), true);
  }));

const junk: [string, string][] = [
  ['text', 'EHLO client.example.com\r\n'],
  ['noise', '\x16\x03\x01\xff\xff'.padEnd(4_000, '\xaa')],
  ['zeros', '\0'.repeat(20_000)],
];
for (const [sentence, bytes] of junk) {
  test(`scenario: ${sentence} in the place of the handshake ends the connection and is told, and the door stays open`, () =>
    scenario(async (_house, call, seen) => {
      const client = await call(0);
      await client.reply();
      await client.say('EHLO client.example.com\r\n');
      await client.say('STARTTLS\r\n');
      await client.say(bytes, 0);
      while ((await client.reply()) !== 'closed');
      await eventually('the event', () => seen.some(event => event.kind === 'tls' && event.error !== null));
      assert.equal(seen.filter(event => event.kind === 'rejected').length, 1);
      const next = await call(0);
      await next.reply();
      await secured(next, 'mx1.example.com');
    }));
}

test('scenario: a client that goes away in the handshake leaves nothing behind', () =>
  scenario(async (_house, call, seen) => {
    const client = await call(0);
    await client.reply();
    await client.say('EHLO client.example.com\r\n');
    await client.say('STARTTLS\r\n');
    client.hangUp();
    await eventually('the event', () => seen.some(event => event.kind === 'tls' && event.error !== null));
  }));

test('scenario: what stands in one packet with STARTTLS is not carried into TLS', () =>
  scenario(async (_house, call) => {
    const client = await call(0);
    await client.reply();
    await client.say('EHLO client.example.com\r\n');
    assert.deepEqual(await client.say('STARTTLS\r\nMAIL FROM:<mallory@client.example>\r\n', 2), [
      '503 5.5.0 You sent more before the reply that you must wait for.',
      'closed',
    ]);
  }));

test('scenario: TLS from the first byte is told at once, and not after minutes', () =>
  scenario(async (_house, call) => {
    const client = await call(0);
    await client.reply();
    await assert.rejects(client.secure('mx1.example.com'));
  }));

test('scenario: a junk command under TLS is a junk command', () =>
  scenario(async (_house, call) => {
    const client = await call(0);
    await client.reply();
    await secured(client, 'mx1.example.com');
    const replies = await client.say('\0\x16\x03\r\n'.repeat(21), 22);
    assert.deepEqual(replies.slice(-2), ['421 4.7.0 Too many errors; goodbye.', 'closed']);
  }));

test('scenario: a key that does not fit keeps the gateway from starting, with the files named', async () => {
  const house = await House.build();
  try {
    await assert.rejects(
      house.open(usual => ({
        ...usual,
        listeners: twoDoors(usual).listeners.map(listener => ({
          ...listener,
          tls: { ...files('mx1'), keyFile: certificateFile('stray.key') },
        })),
      })),
      /The key in .*stray\.key does not fit the first certificate in .*mx1\.pem/,
    );
  } finally {
    await house.close();
  }
});
