import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { realNetwork } from '../../runtime/net/real-network.ts';
import type { Connection } from '../../runtime/ports.ts';
import { realClock } from '../../runtime/real-clock.ts';
import { composeMessage } from './compose.ts';
import { identityByTable, type ReceiverSetting, type RunningReceiver, startReceiver } from './receiver.ts';
import { ReceivedBody } from './receiver-body.ts';
import type { Delivery } from './receiver-session.ts';
import { SteadySender } from './steady-sender.ts';

const network = realNetwork();

async function withReceiver(
  setting: Partial<ReceiverSetting>,
  use: (receiver: RunningReceiver) => Promise<void>,
): Promise<void> {
  const started = await startReceiver(network, {
    address: '127.0.0.1',
    port: 0,
    name: 'mx.remote.example',
    clock: realClock,
    ...setting,
  });
  assert.ok(started.ok);
  try {
    await use(started.value);
  } finally {
    await started.value.close();
  }
}

/** A raw client: what was heard so far, and waiting for text. */
class Client {
  heard = '';
  closed = false;
  readonly connection: Connection;
  #wake: () => void = () => {};

  constructor(connection: Connection) {
    this.connection = connection;
    connection.handle({
      data: chunk => {
        this.heard += chunk.toString('latin1');
        this.#wake();
      },
      drained: () => {},
      closed: () => {
        this.closed = true;
        this.#wake();
      },
    });
  }

  say(text: string): void {
    this.connection.write([Buffer.from(text, 'latin1')]);
  }

  async hears(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.heard)) {
      if (this.closed) assert.fail(`closed after: ${this.heard}`);
      await this.#more();
    }
  }

  async ends(): Promise<void> {
    while (!this.closed) await this.#more();
  }

  #more(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve;
    });
  }
}

async function call(receiver: RunningReceiver, source: string | null = null): Promise<Client> {
  const connected = await network.connect({
    source,
    address: receiver.address,
    port: receiver.port,
    timeoutMs: 5000,
  });
  assert.ok(connected.ok);
  return new Client(connected.value);
}

const strict = identityByTable(
  { 'mail.example.com': ['127.0.0.2'], 'mail2.example.com': ['127.0.0.3'] },
  { '127.0.0.2': ['mail.example.com'], '127.0.0.3': ['mail2.example.com'] },
);

const identities: [string, string, string, RegExp][] = [
  ['the fit name from its own address is taken', '127.0.0.2', 'mail.example.com', /250 2\.1\.0/],
  ['the name of the other uplink is refused', '127.0.0.2', 'mail2.example.com', /550 5\.7\.25 mail2/],
  ['an address without PTR is refused', '127.0.0.4', 'mail.example.com', /550 5\.7\.25 127\.0\.0\.4/],
];
for (const [sentence, source, ehlo, expected] of identities) {
  test(`receiver: ${sentence}`, () =>
    withReceiver({ identity: strict }, async receiver => {
      const client = await call(receiver, source);
      await client.hears(/^220 /);
      client.say(`EHLO ${ehlo}\r\n`);
      await client.hears(/250 ENHANCED/);
      client.say('MAIL FROM:<a@example.com> SIZE=100\r\n');
      await client.hears(expected);
      assert.equal(receiver.identities.get(`${source} ${ehlo}`), 1);
      client.connection.destroy();
    }));
}

test('receiver: a pipelined message is taken, with who said what from where', () =>
  withReceiver({}, async receiver => {
    const client = await call(receiver, '127.0.0.2');
    await client.hears(/^220 /);
    client.say('EHLO mail.example.com\r\n');
    await client.hears(/250 ENHANCED/);
    client.say('MAIL FROM:<a@example.com>\r\nRCPT TO:<b@remote.example>\r\nDATA\r\n');
    await client.hears(/354/);
    client.say('Subject: x\r\nMessage-ID: <1@example.com>\r\n\r\n..dot\r\n.\r\nQUIT\r\n');
    await client.ends();
    assert.match(client.heard, /250 2\.0\.0 Taken\r\n221/);
    const [delivery] = receiver.deliveries;
    assert.deepEqual(
      [delivery?.remoteAddress, delivery?.ehlo, delivery?.mailFrom, delivery?.rcptTo, delivery?.messageId],
      ['127.0.0.2', 'mail.example.com', 'a@example.com', ['b@remote.example'], '<1@example.com>'],
    );
    assert.equal(delivery?.bodyDigest, createHash('sha256').update('.dot\r\n').digest('hex'));
  }));

for (const [stage, behaviour, heard] of [
  ['MAIL', { mailDelayMs: 60_000 }, /^$/],
  ['RCPT', { rcptDelayMs: 60_000 }, /^250 2\.1\.0 Go on\r\n$/],
] as const) {
  test(`receiver: the reply to ${stage} and all after it wait as long as they are told to`, () =>
    withReceiver({ behaviour }, async receiver => {
      const client = await call(receiver);
      await client.hears(/^220 /);
      client.say('EHLO mail.example.com\r\n');
      await client.hears(/250 ENHANCEDSTATUSCODES\r\n/);
      client.heard = '';
      client.say('MAIL FROM:<a@example.com>\r\nRCPT TO:<b@remote.example>\r\nNOOP\r\n');
      while (receiver.counts.begun === 0) await realClock.sleep(2);
      await realClock.sleep(30);
      assert.match(client.heard, heard);
      client.connection.destroy();
    }));
}

const offences: [string, string, RegExp][] = [
  ['commands after DATA in one go', 'DATA\r\nSubject: x\r\n', /554 5\.5\.0 DATA/],
  ['a bare LF in a command', 'RCPT TO:<c@remote.example>\n', /500 5\.5\.2/],
  ['an unknown parameter', 'RSET\r\nMAIL FROM:<a@example.com> NONSENSE=1\r\n', /555/],
  ['a second MAIL', 'MAIL FROM:<a@example.com>\r\n', /503/],
  ['a line without end', 'x'.repeat(600), /500 5\.5\.2/],
];
for (const [sentence, said, expected] of offences) {
  test(`receiver: ${sentence} is refused`, () =>
    withReceiver({}, async receiver => {
      const client = await call(receiver);
      await client.hears(/^220 /);
      client.say('EHLO mail.example.com\r\n');
      await client.hears(/250 ENHANCED/);
      client.say('MAIL FROM:<a@example.com>\r\nRCPT TO:<b@remote.example>\r\n');
      await client.hears(/2\.1\.5/);
      client.say(said);
      await client.hears(expected);
      client.connection.destroy();
    }));
}

test('receiver: whoever talks before the greeting is refused', () =>
  withReceiver({ behaviour: { greetingDelayMs: 60_000 } }, async receiver => {
    const client = await call(receiver);
    client.say('EHLO early.example.com\r\n');
    await client.hears(/554 5\.5\.0 You spoke/);
    await client.ends();
  }));

test('receiver: greylisting refuses the first tries of a triple and takes the next', () =>
  withReceiver({ behaviour: { greylistTries: 2 } }, async receiver => {
    const client = await call(receiver);
    await client.hears(/^220 /);
    client.say('EHLO mail.example.com\r\n');
    await client.hears(/250 ENHANCED/);
    client.say(`MAIL FROM:<a@example.com>\r\n${'RCPT TO:<b@remote.example>\r\n'.repeat(3)}`);
    await client.hears(/(?:450 4\.7\.1[^\n]*\n){2}250 2\.1\.5/);
    client.connection.destroy();
  }));

test('receiver: mute after the dot takes the message and says nothing', () =>
  withReceiver({ behaviour: { muteAt: 'dot' } }, async receiver => {
    const client = await call(receiver);
    await client.hears(/^220 /);
    client.say('EHLO mail.example.com\r\n');
    await client.hears(/250 ENHANCED/);
    client.say('MAIL FROM:<a@example.com>\r\nRCPT TO:<b@remote.example>\r\nDATA\r\n');
    await client.hears(/354/);
    client.say('Message-ID: <2@example.com>\r\n\r\n.\r\nNOOP\r\n');
    while (receiver.counts.deliveries === 0) await realClock.sleep(5);
    assert.doesNotMatch(client.heard, /Taken|Here/);
    client.connection.destroy();
  }));

test('receiver: it hangs up after as many messages as it takes in a session', () =>
  withReceiver({ behaviour: { messagesPerSession: 1 } }, async receiver => {
    const client = await call(receiver);
    await client.hears(/^220 /);
    client.say('EHLO mail.example.com\r\n');
    await client.hears(/250 ENHANCED/);
    client.say('MAIL FROM:<a@example.com>\r\nRCPT TO:<b@remote.example>\r\nDATA\r\n');
    await client.hears(/354/);
    client.say('Message-ID: <3@example.com>\r\n\r\n.\r\n');
    await client.ends();
    assert.match(client.heard, /250 2\.0\.0 Taken\r\n$/);
  }));

test('receiver: a greeting of 421 is said and then it hangs up', () =>
  withReceiver({ behaviour: { greeting: '421 4.3.2 Too busy' } }, async receiver => {
    const client = await call(receiver);
    await client.ends();
    assert.match(client.heard, /^421 4\.3\.2 Too busy\r\n$/);
  }));

test('receiver body: cut anywhere, the same message comes out', () => {
  const line = fc.constantFrom('.', '..', 'x', '', 'a.b', 'From: y', 'Message-ID: <z@example.com>');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.array(fc.nat(40), { maxLength: 8 }), (lines, cuts) => {
      const message = lines.map(text => `${text}\r\n`).join('');
      const wire = `${lines.map(text => `${text.startsWith('.') ? '.' : ''}${text}\r\n`).join('')}.\r\nNOOP\r\n`;
      const body = new ReceivedBody();
      let rest: Buffer | null = null;
      let at = 0;
      for (const size of [...cuts, wire.length]) {
        const chunk = Buffer.from(wire.slice(at, at + size), 'latin1');
        at += size;
        rest = rest === null ? body.take(chunk) : Buffer.concat([rest, chunk]);
      }
      assert.equal(String(rest), 'NOOP\r\n');
      assert.equal(body.sizeBytes, message.length);
      assert.equal(body.bareNewline, false);
      const split = message.startsWith('\r\n') ? 2 : message.indexOf('\r\n\r\n') + 4;
      const content = split === 3 ? '' : message.slice(split);
      assert.equal(body.digest(), createHash('sha256').update(content).digest('hex'));
    }),
  );
});

const bareNewlines = ['a\nb', 'a\rb', 'a\r\r\nb', '\n', 'a\n.\nb', 'a\r\n.\rb'];
for (const text of bareNewlines) {
  test(`receiver body: ${JSON.stringify(text)} has a bare newline, wherever it is cut`, () => {
    for (let cut = 0; cut <= text.length; cut += 1) {
      const body = new ReceivedBody();
      body.take(Buffer.from(text.slice(0, cut)));
      assert.notEqual(body.take(Buffer.from(`${text.slice(cut)}\r\n.\r\n`)), null);
      assert.equal(body.bareNewline, true);
    }
  });
}

test('sender and receiver: steady mail arrives unaltered at the first target that is there, and a message refused is offered again', () => {
  const deliveries: Delivery[] = [];
  return withReceiver(
    { onDelivery: delivery => deliveries.push(delivery), behaviour: { greylistTries: 1 } },
    async receiver => {
      const digests = new Map<string, string>();
      const troubles: string[] = [];
      const accepted: string[] = [];
      const sender = new SteadySender({
        network,
        clock: realClock,
        target: { address: '127.0.0.9', port: receiver.port },
        others: [{ address: receiver.address, port: receiver.port }],
        source: '127.0.0.2',
        ehlo: 'user.example.com',
        compose: n => {
          const setting = {
            label: 't',
            mailFrom: 'u@example.com',
            recipients: ['a@remote.example'],
            sizeBytes: 5000,
          };
          const message = composeMessage(setting, n, 0);
          digests.set(message.messageId, message.bodyDigest);
          return message;
        },
        onAccepted: messageId => accepted.push(messageId),
        onTrouble: (_, reason) => troubles.push(reason),
      });
      sender.start(1);
      while (accepted.length < 5) await realClock.sleep(5);
      await sender.stop();
      assert.match(troubles[0] ?? '', /^450/);
      assert.deepEqual(
        deliveries.map(delivery => delivery.messageId),
        accepted,
      );
      for (const { messageId, bodyDigest } of deliveries) {
        assert.equal(bodyDigest, digests.get(messageId ?? ''));
      }
    },
  );
});
