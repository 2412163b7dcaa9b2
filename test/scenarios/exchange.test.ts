import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { eventually, House } from './house.ts';
import { RawClient } from './raw-client.ts';

/** As an Exchange server sends, by its send connector to us. */
async function asExchange(play: (client: RawClient, house: House) => Promise<void>): Promise<void> {
  const house = await House.build();
  let client: RawClient | null = null;
  try {
    await house.open();
    const door = house.gateway.listeners().find(({ role }) => role === 'relay');
    assert.ok(door);
    client = await RawClient.call(door);
    assert.equal(await client.reply(), '220 mail.example.com ESMTP');
    await play(client, house);
  } finally {
    client?.hangUp();
    await house.close();
  }
}

const header =
  'From: Ann <ann@example.com>\r\nTo: bob@remote.example\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\n' +
  'Message-ID: <0123456789@exchange.example.com>\r\nMIME-Version: 1.0\r\n' +
  'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n';
const body = 'Gr\xc3\xbc\xc3\x9fe\r\n.\r\n..two dots\r\nQUIT\r\n';
const digest = (text: string): string =>
  createHash('sha256').update(Buffer.from(text, 'latin1')).digest('hex');

test('scenario: Exchange hands over a message by BDAT, in one group and in several chunks', () =>
  asExchange(async (client, house) => {
    const [offers = ''] = await client.say('EHLO exchange.example.com\r\n');
    for (const offer of ['PIPELINING', 'SIZE 50000000', '8BITMIME', 'CHUNKING', 'ENHANCEDSTATUSCODES', 'DSN'])
      assert.ok(offers.includes(offer), offer);
    for (const own of ['X-', 'XRDST', 'XOORG', 'XSHADOW', 'BINARYMIME', 'AUTH'])
      assert.ok(!offers.includes(own), `${own} is not offered, so Exchange does not use it`);

    const message = header + body;
    const size = message.length;
    assert.deepEqual(
      (
        await client.say(
          `MAIL FROM:<ann@example.com> SIZE=${size} BODY=8BITMIME\r\n` +
            'RCPT TO:<bob@remote.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob@remote.example\r\n' +
            `BDAT ${size} LAST\r\n${message}`,
          3,
        )
      ).map(reply => reply.slice(0, 9)),
      ['250 2.1.0', '250 2.1.5', '250 2.0.0'],
    );

    assert.deepEqual(
      (
        await client.say('MAIL FROM:<ann@example.com> SIZE=100000\r\nRCPT TO:<bob@remote.example>\r\n', 2)
      ).map(reply => reply.slice(0, 9)),
      ['250 2.1.0', '250 2.1.5'],
    );
    const second = header.replace('0123456789', '0123456790') + 'x'.repeat(70).concat('\r\n').repeat(3_000);
    for (let at = 0; at < second.length; at += 65_536) {
      const chunk = second.slice(at, at + 65_536);
      const last = at + 65_536 >= second.length;
      const [said = ''] = await client.say(`BDAT ${chunk.length}${last ? ' LAST' : ''}\r\n${chunk}`);
      assert.match(said, last ? /^250 2\.0\.0 Queued as / : /^250 2\.0\.0 Chunk taken\.$/);
    }
    assert.deepEqual(await client.say('QUIT\r\n'), ['221 2.0.0 Goodbye.']);

    await eventually('both messages', () => house.remote.deliveries.length === 2);
    const [one, two] = house.remote.deliveries.toSorted((a, b) => a.sizeBytes - b.sizeBytes);
    assert.equal(one?.messageId, '<0123456789@exchange.example.com>');
    assert.equal(one.bodyDigest, digest(body));
    assert.equal(one.mailFrom, 'ann@example.com');
    assert.deepEqual(one.rcptTo, ['bob@remote.example']);
    assert.equal(two?.bodyDigest, digest('x'.repeat(70).concat('\r\n').repeat(3_000)));
  }));

test('scenario: Exchange sends a report with the null sender, whose last chunk is empty and whose last line has no end', () =>
  asExchange(async (client, house) => {
    await client.say('EHLO exchange.example.com\r\n');
    const report =
      'From: <postmaster@example.com>\r\nMessage-ID: <ndr@exchange.example.com>\r\n\r\nUndeliverable';
    const replies = await client.say(
      `MAIL FROM:<> SIZE=${report.length}\r\nRCPT TO:<bob@remote.example>\r\n` +
        `BDAT ${report.length}\r\n${report}BDAT 0 LAST\r\n`,
      4,
    );
    assert.deepEqual(
      replies.map(reply => reply.slice(0, 9)),
      ['250 2.1.0', '250 2.1.5', '250 2.0.0', '250 2.0.0'],
    );
    await eventually('the report', () => house.remote.deliveries.length === 1);
    assert.equal(house.remote.deliveries[0]?.mailFrom, '');
    assert.equal(house.remote.deliveries[0]?.bodyDigest, digest('Undeliverable\r\n'));
  }));

test('scenario: a chunk that Exchange sends for recipients that were refused is read and refused, and the session goes on', () =>
  asExchange(async (client, house) => {
    await client.say('EHLO exchange.example.com\r\n');
    const replies = await client.say(
      'MAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@@remote.example>\r\nBDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nRSET\r\n' +
        'RSET\r\nMAIL FROM:<ann@example.com>\r\n',
      6,
    );
    assert.deepEqual(
      replies.map(reply => reply.slice(0, 3)),
      ['250', '501', '554', '554', '250', '250'],
    );
    assert.deepEqual(await client.say('BDAT nonsense\r\n', 2), [
      '501 5.5.4 Write BDAT, the number of octets, and LAST with the last of them.',
      'closed',
    ]);
    assert.equal(house.remote.deliveries.length, 0);
  }));

test('scenario: a message too large for us is told at MAIL, and by BDAT without a declared size after its octets', () =>
  asExchange(async client => {
    await client.say('EHLO exchange.example.com\r\n');
    assert.deepEqual(await client.say('MAIL FROM:<ann@example.com> SIZE=50000001\r\n'), [
      '552 5.3.4 The message is over 50000000 bytes.',
    ]);
    await client.say('MAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@remote.example>\r\n', 2);
    const big = 50_000_001;
    const [said] = await client.say(`BDAT ${big} LAST\r\n${'x'.repeat(big)}`);
    assert.equal(said, '552 5.3.4 The message is over 50000000 bytes.');
    assert.deepEqual(await client.say('NOOP\r\n'), ['250 2.0.0 Done.']);
  }));
