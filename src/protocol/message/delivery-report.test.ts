import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { reply } from '../smtp/reply.ts';
import { deliveryReport } from './delivery-report.ts';
import { quotedPrintable } from './quoted-printable.ts';
import type { ReportedRecipient, ReportFacts } from './report-facts.ts';

const original = 'From: a@example.com\r\nSubject: long\r\n words\r\nTo: b@remote.example\r\n\r\nthe body\r\n';

const recipient: ReportedRecipient = {
  forwardPath: 'b@remote.example',
  originalRecipient: 'rfc822;alias@example.com',
  status: '5.1.1',
  reply: reply(550, '5.1.1', 'No such mailbox here.'),
  host: 'mx.remote.example',
  reason: 'The receiving server refused the recipient.',
  lastAttemptAt: Date.UTC(2026, 10, 24, 17, 5, 8),
  retryUntil: null,
};

const facts: ReportFacts = {
  hostname: 'mail.example.com',
  id: '0ABCDEFGH13',
  at: Date.UTC(2026, 10, 24, 17, 5, 9),
  reversePath: 'a@example.com',
  action: 'failed',
  recipients: [recipient],
  original: {
    id: '0ABCDEFGH12',
    receivedAt: Date.UTC(2026, 10, 24, 17, 5, 8),
    envelopeId: 'QQ314159',
    smtpUtf8: false,
    start: Buffer.from(original),
    whole: false,
  },
};

/** The report's header, and its parts, each as header and body. */
function taken(given: Partial<ReportFacts> = {}) {
  const report = deliveryReport({ ...facts, ...given });
  const text = report.bytes.toString();
  const boundary = /boundary="([^"]+)"/.exec(text)?.[1] ?? '';
  const [head = '', ...rest] = text.split(`\r\n--${boundary}`);
  const [header = ''] = head.split('\r\n\r\n');
  assert.equal(rest.at(-1), '--\r\n');
  const parts = rest.slice(0, -1).map(part => {
    const at = part.indexOf('\r\n\r\n');
    return { header: part.slice(2, at).split('\r\n'), body: part.slice(at + 4) };
  });
  return { report, header: header.split('\r\n'), parts, bodies: parts.map(({ body }) => body) };
}

test('report: a header of our own, and three parts', () => {
  const { report, header, parts } = taken();
  assert.deepEqual(header, [
    'Date: Tue, 24 Nov 2026 17:05:09 +0000',
    'From: Mail Delivery System <MAILER-DAEMON@mail.example.com>',
    'To: <a@example.com>',
    'Subject: Your message could not be delivered',
    'Message-ID: <0ABCDEFGH13@mail.example.com>',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status;',
    '\tboundary="=_postern_0ABCDEFGH13_0"',
    'Content-Transfer-Encoding: 7bit',
  ]);
  assert.deepEqual(
    parts.map(part => part.header),
    [
      ['Content-Type: text/plain; charset=utf-8'],
      ['Content-Type: message/delivery-status'],
      ['Content-Type: text/rfc822-headers'],
    ],
  );
  assert.deepEqual([report.bodyType, report.smtpUtf8], ['7bit', false]);
});

test('report: people read what happened, who said it in which words, and what to do', () => {
  const [text = ''] = taken().bodies;
  assert.equal(
    text,
    [
      'This is the mail server mail.example.com.',
      '',
      'Your message of Tue, 24 Nov 2026 17:05:08 +0000 could not be delivered',
      'to this recipient. It will not be tried again.',
      '',
      '<b@remote.example>',
      '    The receiving server refused the recipient.',
      '    mx.remote.example said:',
      '      550 5.1.1 No such mailbox here.',
      '    What you can do: look for a mistake in the address, and send the',
      '    message again to the right one.',
      '',
      'For help, write to postmaster@mail.example.com and name the message',
      '0ABCDEFGH12.',
      '',
    ].join('\r\n'),
  );
});

test('report: recipients of whom the same is to be said share a paragraph', () => {
  const [text = ''] = taken({
    recipients: [
      recipient,
      { ...recipient, forwardPath: 'c@remote.example' },
      { ...recipient, forwardPath: 'd@remote.example', reply: null },
    ],
  }).bodies;
  assert.match(text, /<b@remote\.example>\r\n<c@remote\.example>\r\n {4}The/);
  assert.equal(text.match(/No such mailbox/g)?.length, 1);
  assert.match(text, /to these recipients/);
});

test('report: machines read every field of RFC 3464', () => {
  const [, status = ''] = taken().bodies;
  assert.deepEqual(status.split('\r\n'), [
    'Reporting-MTA: dns; mail.example.com',
    'Original-Envelope-Id: QQ314159',
    'Arrival-Date: Tue, 24 Nov 2026 17:05:08 +0000',
    '',
    'Original-Recipient: rfc822; alias@example.com',
    'Final-Recipient: rfc822; b@remote.example',
    'Action: failed',
    'Status: 5.1.1',
    'Remote-MTA: dns; mx.remote.example',
    'Diagnostic-Code: smtp; 550 5.1.1 No such mailbox here.',
    'Last-Attempt-Date: Tue, 24 Nov 2026 17:05:08 +0000',
    '',
  ]);
});

test('report: a delay says until when it is tried, and asks for nothing', () => {
  const { header, bodies } = taken({
    action: 'delayed',
    recipients: [{ ...recipient, status: '4.4.1', retryUntil: Date.UTC(2026, 10, 29, 17, 5, 8) }],
  });
  assert.ok(header.includes('Subject: Your message is delayed, and is being tried again'));
  assert.match(bodies[0] ?? '', /You need not send it again/);
  assert.match(bodies[0] ?? '', /It is tried until Sun, 29 Nov 2026 17:05:08 \+0000,\s+then given up\./);
  assert.doesNotMatch(bodies[0] ?? '', /What you can do/);
  assert.match(bodies[1] ?? '', /Action: delayed\r\nStatus: 4\.4\.1\r\n/);
  assert.match(bodies[1] ?? '', /Will-Retry-Until: Sun, 29 Nov 2026 17:05:08 \+0000\r\n/);
});

const originals: [string, Partial<ReportFacts['original']>, string, RegExp][] = [
  ['its header', {}, 'text/rfc822-headers', /To: b@remote\.example\r\n$/],
  ['all of it, where that was asked', { whole: true }, 'message/rfc822', /\r\n\r\nthe body\r\n$/],
  [
    'its header where the whole is not ASCII',
    { whole: true, start: Buffer.from('Subject: x\r\n\r\ngrün\r\n') },
    'text/rfc822-headers',
    /^Subject: x\r\n$/,
  ],
  [
    'its header where a line is too long',
    { whole: true, start: Buffer.from(`Subject: x\r\n\r\n${'y'.repeat(1_500)}\r\n`) },
    'text/rfc822-headers',
    /^Subject: x\r\n$/,
  ],
  [
    'a header in 8 bits, encoded',
    { start: Buffer.from('Subject: grün\r\n\r\n') },
    'text/rfc822-headers',
    /^Subject: gr=C3=BCn\r\n$/,
  ],
  [
    'a header in UTF-8, as such',
    { smtpUtf8: true, start: Buffer.from('Subject: grün\r\n\r\n') },
    'message/global-headers',
    /^Subject: gr=C3=BCn\r\n$/,
  ],
];
for (const [sentence, given, type, body] of originals) {
  test(`report: of the original goes back ${sentence}`, () => {
    const { parts } = taken({ original: { ...facts.original, ...given } });
    const [, , last] = parts;
    assert.equal(last?.header[0], `Content-Type: ${type}`);
    assert.match(last?.body ?? '', body);
  });
}

test('report: an address in UTF-8 is written out for a sender in ASCII', () => {
  const { report, bodies } = taken({
    recipients: [
      { ...recipient, forwardPath: 'grün+x@remote.example', originalRecipient: 'utf-8;θ@example.com' },
    ],
  });
  assert.equal(report.smtpUtf8, false);
  assert.match(bodies[1] ?? '', /Original-Recipient: utf-8; \\x\{3B8\}@example\.com\r\n/);
  assert.match(bodies[1] ?? '', /Final-Recipient: utf-8; gr\\x\{FC\}n\\x\{2B\}x@remote\.example\r\n/);
  assert.match(bodies[0] ?? '', /<gr=C3=BCn\+x@remote\.example>/);
});

test('report: a sender in UTF-8 has a report in UTF-8 (RFC 6533)', () => {
  const start = Buffer.from('Subject: grün\r\n\r\ngrün\r\n');
  const { report, header, parts } = taken({
    reversePath: 'grün@example.com',
    recipients: [{ ...recipient, forwardPath: 'θ@remote.example' }],
    original: { ...facts.original, smtpUtf8: true, whole: true, start },
  });
  assert.deepEqual([report.bodyType, report.smtpUtf8], ['8bitmime', true]);
  assert.ok(header.includes('To: <grün@example.com>'));
  assert.deepEqual(
    parts.map(part => part.header[0]),
    [
      'Content-Type: text/plain; charset=utf-8',
      'Content-Type: message/global-delivery-status',
      'Content-Type: message/global',
    ],
  );
  assert.match(parts[1]?.body ?? '', /Final-Recipient: utf-8; θ@remote\.example\r\n/);
});

test('report: its boundary is in none of its parts', () => {
  const start = Buffer.from('Subject: =_postern_0ABCDEFGH13_0 --=_postern_0ABCDEFGH13_1\r\n\r\n');
  const { header } = taken({ original: { ...facts.original, start } });
  assert.ok(header.includes('\tboundary="=_postern_0ABCDEFGH13_2"'));
});

test('report: whatever anybody said, the fields are ours alone, the lines short and all of it ASCII', () => {
  const letter = fc.nat(0x2ff).map(code => String.fromCharCode(code));
  const hostile = fc.oneof(
    fc.string({ unit: letter, maxLength: 3_000 }),
    fc.constant('x\r\nBcc: y\r\n\r\n--=_postern_0ABCDEFGH13_0--\r\nz'),
    fc.constant(`a${'\n'}Action: delivered`),
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map(raw => Buffer.from(raw)),
    fc.constant(Buffer.from('A: b\r\n\r\n\r\n--=_postern_0ABCDEFGH13_0--\r\n')),
  );
  fc.assert(
    fc.property(hostile, hostile, hostile, bytes, fc.boolean(), (said, path, reason, start, whole) => {
      const { report, header, parts } = taken({
        reversePath: path.replace(/[^ -~]/g, ''),
        recipients: [
          {
            ...recipient,
            forwardPath: path,
            originalRecipient: said,
            reply: reply(550, null, said, reason),
            host: said,
            reason,
          },
        ],
        original: { ...facts.original, envelopeId: said, start, whole },
      });
      assert.equal(header.length, 10);
      assert.equal(parts.length, 3);
      assert.ok(report.bytes.every(byte => byte < 128));
      const text = report.bytes.toString('latin1');
      assert.ok(text.split('\r\n').every(line => line.length <= 998 && !/[\r\n]/.test(line)));
      const names = (parts[1]?.body ?? '').split(/\r\n(?! )/).map(line => line.split(':')[0]);
      assert.deepEqual(names.filter(name => name === 'Action').length, 1);
      assert.equal(names.length, 12);
    }),
  );
});

test('quoted-printable: decoded again it is the same, in short lines of ASCII', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), raw => {
      const encoded = quotedPrintable(Buffer.from(raw));
      assert.match(encoded, /^[\t\r\n -~]*$/);
      assert.ok(encoded.split('\r\n').every(line => line.length <= 76 && !/[ \t]$/.test(line)));
      const decoded = encoded
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      assert.deepEqual(Buffer.from(decoded, 'latin1'), Buffer.from(raw));
    }),
  );
});
