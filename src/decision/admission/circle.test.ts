import assert from 'node:assert/strict';
import test from 'node:test';
import { circleRefusal, passLimit } from './circle.ts';

const names = new Set(['mx1.example.com', 'mail.example.com']);
const ours =
  'Received: from a.example ([192.0.2.1])\r\n\tby mx1.example.com with ESMTP id 0ABCDEFGH12;\r\n\tdate\r\n';
const oursSecured =
  'Received: from a.example ([192.0.2.1])\r\n\tby MAIL.example.com with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id 0ABCDEFGH12\r\n\tfor <a@b.example>;\r\n\tdate\r\n';
const oursRefolded =
  'Received: from a.example ([192.0.2.1]) by mx1.example.com with\r\n ESMTP id 0ABCDEFGH12; date\r\n';
const ofOthers = 'Received: from a.example by mx.remote.example with ESMTP id 0ABCDEFGH12; date\r\n';
const withOtherId = 'Received: from a.example by mx1.example.com with ESMTP id 4F1B2C3D4E5F6; date\r\n';
const body = `Subject: x\r\n\r\n${ours.repeat(200)}`;

const messages: [string, string, RegExp | null][] = [
  ['has passed nobody', body, null],
  ['has passed us as often as it may', ours.repeat(passLimit) + body, null],
  [
    'has passed us once more',
    ours.repeat(passLimit + 1) + body,
    /^The message has passed this server more than 5 times/,
  ],
  [
    'has passed us under each of our names and refolded',
    (ours + oursSecured + oursRefolded).repeat(2) + body,
    /this server/,
  ],
  ['has passed many, and us seldom', ofOthers.repeat(90) + ours.repeat(passLimit) + body, null],
  ['has passed us and others in turn', (ofOthers + ours).repeat(passLimit + 1) + body, /this server/],
  [
    'has passed another Postern that has our name, by another form of ID',
    withOtherId.repeat(50) + body,
    null,
  ],
  ['has passed a hundred', ofOthers.repeat(100) + body, null],
  ['has passed a hundred and one', ofOthers.repeat(101) + body, /more than 100 servers/],
  ['quotes our fields in its body', `\r\n${ours.repeat(200)}`, null],
];
for (const [sentence, message, expected] of messages) {
  test(`circle: a message that ${sentence} is ${expected === null ? 'taken' : 'refused'}`, () => {
    const refusal = circleRefusal(Buffer.from(message), names);
    assert.equal(refusal === null, expected === null);
    if (refusal === null || expected === null) return;
    assert.match(refusal.lines[0] ?? '', expected);
    assert.equal(`${refusal.code} ${refusal.enhancedStatus}`, '554 5.4.6');
  });
}
