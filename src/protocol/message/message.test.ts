import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { reply } from '../smtp/reply.ts';
import { type BounceFacts, bounceMessage } from './bounce.ts';
import { messageDate } from './date.ts';
import { headerSection } from './header.ts';
import { type ReceivedFacts, receivedCount, receivedField } from './received.ts';

const byte = fc.nat(255).map(code => String.fromCharCode(code));

test('date: as RFC 5322 writes it, leap days and ends of centuries too', () => {
  assert.equal(messageDate(0), 'Thu, 1 Jan 1970 00:00:00 +0000');
  assert.equal(messageDate(Date.UTC(2026, 10, 24, 17, 5, 9)), 'Tue, 24 Nov 2026 17:05:09 +0000');
  assert.equal(messageDate(Date.UTC(2000, 1, 29, 23, 59, 59, 999)), 'Tue, 29 Feb 2000 23:59:59 +0000');
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2900, 0, 1) }), at => {
      const platform = new Date(at).toUTCString().replace(', 0', ', ').replace('GMT', '+0000');
      assert.equal(messageDate(at), platform);
    }),
  );
});

const facts: ReceivedFacts = {
  helo: 'client.example',
  clientAddress: '192.0.2.7',
  by: 'mx1.example.com',
  protocol: 'ESMTP',
  smtpUtf8: false,
  tls: null,
  id: '0ABCDEFGH12',
  forwardPath: null,
  at: Date.UTC(2026, 10, 24, 17, 5, 9),
};

test('Received: with one recipient and with none named', () => {
  assert.equal(
    receivedField({ ...facts, forwardPath: 'b@example.com' }).toString(),
    'Received: from client.example ([192.0.2.7])\r\n' +
      '\tby mx1.example.com with ESMTP id 0ABCDEFGH12\r\n' +
      '\tfor <b@example.com>;\r\n' +
      '\tTue, 24 Nov 2026 17:05:09 +0000\r\n',
  );
  assert.ok(!receivedField(facts).includes('for'));
});

const addresses: [string, string][] = [
  ['2001:db8::1', '[IPv6:2001:db8::1]'],
  ['fe80::1%eth0', '[IPv6:fe80::1]'],
  ['::ffff:192.0.2.7', '[192.0.2.7]'],
];
for (const [clientAddress, literal] of addresses)
  test(`Received: ${clientAddress} is written ${literal}`, () =>
    assert.ok(receivedField({ ...facts, clientAddress }).includes(`(${literal})`)));

/** One field is one line that begins with a name and goes on with folded lines only. */
function isOneField(bytes: Buffer): boolean {
  return /^Received: [ -~]+(?:\r\n\t[ -~]+)*\r\n$/.test(bytes.toString('latin1'));
}

test('Received: whatever a client says of itself, it is one field of short lines', () => {
  const text = fc.oneof(fc.string({ unit: byte, maxLength: 2_000 }), fc.constant('a)\r\nBcc: x ('));
  fc.assert(
    fc.property(text, text, (helo, forwardPath) => {
      const field = receivedField({ ...facts, helo, forwardPath });
      assert.ok(isOneField(field));
      const lines = field.toString('latin1').split('\r\n');
      assert.ok(lines.every(line => line.length < 998));
      assert.equal(lines[0]?.match(/[()]/g)?.length, 2, 'no comment is opened or closed');
    }),
  );
});

const original = 'From: a@example.com\r\nSubject: long\r\n words\r\nTo: b@remote.example\r\n\r\nthe body\r\n';

const sections: [string, string, number, string][] = [
  [
    'all of it',
    original,
    1_000,
    'From: a@example.com\r\nSubject: long\r\n words\r\nTo: b@remote.example\r\n',
  ],
  ['whole fields within the limit', original, 45, 'From: a@example.com\r\nSubject: long\r\n words\r\n'],
  ['no half of a folded field', original, 40, 'From: a@example.com\r\n'],
  ['nothing where not one field fits', original, 10, ''],
  ['only whole fields where the end has not come', 'A: b\r\nC: d', 1_000, 'A: b\r\n'],
  ['nothing of nothing', '', 1_000, ''],
];
for (const [sentence, message, limit, expected] of sections)
  test(`header section: ${sentence}`, () =>
    assert.equal(headerSection(Buffer.from(message), limit).toString(), expected));

test('header section: never over its limit, and always the beginning of the message', () => {
  const message = fc
    .array(fc.constantFrom('A: b', '\r\n', ' c', '\n', '\r', '\r\n\r\n'), { maxLength: 30 })
    .map(parts => Buffer.from(parts.join('')));
  fc.assert(
    fc.property(message, fc.nat(60), (start, limit) => {
      const section = headerSection(start, limit);
      assert.ok(section.length <= limit && start.subarray(0, section.length).equals(section));
      if (section.length > 0) assert.ok(section.toString().endsWith('\r\n'));
    }),
  );
});

const bounce: BounceFacts = {
  hostname: 'mail.example.com',
  id: '0ABCDEFGH13',
  at: Date.UTC(2026, 10, 24, 17, 5, 9),
  reversePath: 'a@example.com',
  failed: [
    {
      forwardPath: 'b@remote.example',
      reply: reply(550, '5.1.1', 'No such mailbox here.'),
      host: 'mx.remote.example',
      reason: 'The host that takes mail for remote.example refused the recipient.',
    },
    { forwardPath: 'c@remote.example', reply: null, host: null, reason: 'No host answered for 5 days.' },
  ],
  original: {
    id: '0ABCDEFGH12',
    receivedAt: Date.UTC(2026, 10, 24, 17, 5, 8),
    start: Buffer.from(original),
  },
};

test('bounce: tells who was not reached, in whose words, and what to do', () => {
  const text = bounceMessage(bounce).toString();
  const [header = '', ...body] = text.split('\r\n\r\n');
  assert.deepEqual(header.split('\r\n'), [
    'Date: Tue, 24 Nov 2026 17:05:09 +0000',
    'From: Mail Delivery System <MAILER-DAEMON@mail.example.com>',
    'To: <a@example.com>',
    'Subject: Your message could not be delivered',
    'Message-ID: <0ABCDEFGH13@mail.example.com>',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 7bit',
  ]);
  const told = body.join('\n\n').replaceAll('\r\n', '\n');
  assert.match(told, /<b@remote\.example>\n {4}The host that takes mail for remote\.example/);
  assert.match(told, /mx\.remote\.example said:\n {6}550 5\.1\.1 No such mailbox here\./);
  assert.match(told, /<c@remote\.example>\n {4}No host answered for 5 days\.\n\n/);
  assert.ok(told.endsWith('From: a@example.com\nSubject: long\n words\nTo: b@remote.example\n'));
});

test('bounce: 8-bit headers of the original are declared', () => {
  const start = Buffer.from('Subject: grün\r\n\r\n');
  const text = bounceMessage({ ...bounce, original: { ...bounce.original, start } }).toString();
  assert.ok(text.includes('Content-Transfer-Encoding: 8bit'));
  assert.ok(text.includes('Subject: grün\r\n'));
});

test('bounce: whatever the far side said, its own header is ours alone and its lines are short', () => {
  const text = fc.oneof(fc.string({ unit: byte, maxLength: 1_500 }), fc.constant('x\r\nBcc: y\r\n\r\nz'));
  fc.assert(
    fc.property(text, text, text, (said, path, reason) => {
      const failed = [{ forwardPath: path, reply: reply(550, null, said), host: said, reason }];
      const message = bounceMessage({ ...bounce, reversePath: path, failed }).toString('latin1');
      const [header = ''] = message.split('\r\n\r\n');
      assert.equal(header.split('\r\n').length, 9);
      assert.ok(message.split('\r\n').every(line => line.length < 998 && !/[\r\n]/.test(line)));
    }),
  );
});

const hops: [string, string, number][] = [
  ['nobody had it', 'Subject: x\r\n\r\n', 0],
  ['two servers had it', 'Received: from a\r\n\tby b\r\nSubject: x\r\nReceived: from c\r\n\r\n', 2],
  ['a message inside the message does not count', 'Received: a\r\n\r\nReceived: b\r\nReceived: c\r\n', 1],
  ['nor does the word within a field', 'X-Received: a\r\nSubject: Received: b\r\n\tReceived: c\r\n\r\n', 0],
  ['a header section without an end counts as far as it goes', 'Received: a\r\nReceived: b', 2],
];
for (const [sentence, message, expected] of hops) {
  test(`hops: ${sentence}`, () => assert.equal(receivedCount(Buffer.from(message)), expected));
}
