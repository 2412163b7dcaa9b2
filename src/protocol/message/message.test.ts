import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { messageDate } from './date.ts';
import { headerSection } from './header.ts';
import { type ReceivedFacts, receivedCount, receivedField, receivedStamps } from './received.ts';

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

const tls = { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' };
const protocols: [string, Partial<ReceivedFacts>, string][] = [
  ['HELO', { protocol: 'SMTP' }, 'with SMTP id'],
  ['EHLO under TLS', { tls }, 'with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id'],
  ['HELO under TLS, which has no keyword', { protocol: 'SMTP', tls }, 'with SMTP (TLSv1.3 TLS_'],
  ['SMTPUTF8', { smtpUtf8: true }, 'with UTF8SMTP id'],
  ['SMTPUTF8 under TLS', { smtpUtf8: true, tls }, 'with UTF8SMTPS (TLSv1.3'],
  ['a cipher of any name', { tls: { protocol: 'a)\r\nb', cipher: '(' } }, 'with ESMTPS (a???b ?) id'],
  [
    'SMTPUTF8 and its recipient',
    { smtpUtf8: true, forwardPath: 'ü@münchen.example' },
    '\tfor <ü@münchen.example>;',
  ],
  [
    'a path that turns the text around',
    { smtpUtf8: true, forwardPath: 'a\r\n\u0085>b@c' },
    '\tfor <a????b@c>;',
  ],
];
for (const [sentence, own, part] of protocols)
  test(`Received: by ${sentence}`, () => {
    const field = receivedField({ ...facts, ...own }).toString('utf8');
    assert.ok(field.includes(part), field);
  });

const stamped: [string, string, string[]][] = [
  [
    'ours',
    receivedField({ ...facts, tls, forwardPath: 'b@example.com' }).toString(),
    ['mx1.example.com 0ABCDEFGH12'],
  ],
  ['one on a line', 'Received: from a by b.example id 7;\r\n', ['b.example 7']],
  ['one without an id', 'Received: from a by b.example; id 7\r\n', []],
  ['one whose id is in the next field', 'Received: from a by b.example\r\nX: id 7\r\n', []],
  ['two', 'Received: by a id 1\r\nSubject: x\r\nReceived: by b\r\n\tid 2\r\n', ['a 1', 'b 2']],
  ['one in the body', 'Subject: x\r\n\r\nReceived: by a id 1\r\n', []],
  ['one in a body without a header', '\r\nReceived: by a id 1\r\n', []],
];
for (const [sentence, message, expected] of stamped)
  test(`stamps: ${sentence}`, () =>
    assert.deepEqual(
      receivedStamps(Buffer.from(message)).map(({ by, id }) => `${by} ${id}`),
      expected,
    ));

test('stamps: long nonsense is read in no time', () => {
  receivedStamps(Buffer.from(`Received: ${' by a'.repeat(100_000)}`));
  receivedStamps(Buffer.from('Received: by a \r\n'.repeat(50_000)));
});

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
