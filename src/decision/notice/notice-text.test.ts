import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Condition, ConditionKind } from './condition.ts';
import { noticeMail } from './notice-mail.ts';
import { noticeText, timeText } from './notice-text.ts';

const at = Date.UTC(2026, 10, 24, 17, 0, 0);

function condition(kind: ConditionKind, state: string, more: Partial<Condition> = {}): Condition {
  const given = { subject: 'isp1', uplink: 'isp1', previous: 'up', since: at, reason: 'Nobody answers.' };
  return { kind, state, ...given, ...more };
}

const beginnings: [ConditionKind, string, string][] = [
  ['uplink', 'down', 'isp1 is down: Nobody answers.'],
  ['uplink', 'drained', 'isp1 is drained: Nobody answers.'],
  ['all_uplinks', 'trouble', 'No uplink can be used: Nobody answers.'],
  ['identity', 'unfit', 'isp1 is unfit: Nobody answers.'],
  ['queue', 'trouble', 'Mail waits for long: Nobody answers.'],
  ['certificate', 'trouble', 'The certificate of isp1 needs care: Nobody answers.'],
  ['recipients', 'trouble', 'The recipients of isp1 cannot be told for sure: Nobody answers.'],
  ['primary', 'trouble', 'The primary of isp1 is away: Nobody answers.'],
  ['disk', 'trouble', "The queue's disk needs care: Nobody answers."],
  ['trace', 'trouble', 'The trace was damaged: Nobody answers.'],
  ['drill', 'trouble', 'The drill of isp1 failed: Nobody answers.'],
  ['test', 'trouble', 'This is a test of Postern: Nobody answers.'],
];
for (const [kind, state, headline] of beginnings) {
  test(`${kind} ${state} in one line`, () => {
    const notice = { condition: condition(kind, state), ended: null };
    assert.equal(noticeText(notice, 'mail.example.com').headline, headline);
  });
}

test('an end says how long it lasted', () => {
  const ended = condition('uplink', 'down', { since: at - 7_500_000 });
  const over = condition('uplink', 'up', { previous: 'down', reason: 'mx.remote.example greeted.' });
  const text = noticeText({ condition: over, ended }, 'mail.example.com');
  assert.equal(text.headline, 'isp1 is up after 2 hours: mx.remote.example greeted.');
  assert.deepEqual(text.paragraphs, [
    'isp1 is up after 2 hours.',
    'mx.remote.example greeted.',
    'Before, since then: isp1 is down: Nobody answers.',
    '"postern uplinks" shows all uplinks as they are now.',
    'This is Postern on mail.example.com.',
  ]);
});

test('times as people say them', () => {
  const told = [0, 999, 1_000, 59_999, 60_000, 119_999, 7_199_999, 7_200_000, 172_800_000];
  assert.deepEqual(told.map(timeText), [
    'less than a second',
    'less than a second',
    '1 second',
    '59 seconds',
    '1 minute',
    '1 minute',
    '119 minutes',
    '2 hours',
    '2 days',
  ]);
});

test('as mail it has a header that a person and a robot can read', () => {
  const text = noticeText({ condition: condition('uplink', 'down'), ended: null }, 'mail.example.com');
  const facts = {
    hostname: 'mail.example.com',
    id: '06YYVQE6400',
    at,
    forwardPath: 'postmaster@example.com',
  };
  assert.equal(
    noticeMail({ ...facts, text }).toString('latin1'),
    [
      'Date: Tue, 24 Nov 2026 17:00:00 +0000',
      'From: Postern <MAILER-DAEMON@mail.example.com>',
      'To: <postmaster@example.com>',
      'Subject: isp1 is down: Nobody answers.',
      'Message-ID: <06YYVQE6400@mail.example.com>',
      'Auto-Submitted: auto-generated',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=us-ascii',
      'Content-Transfer-Encoding: 7bit',
      '',
      'isp1 is down.',
      '',
      'Nobody answers.',
      '',
      'You are told once more when this is over. "postern uplinks" shows all',
      'uplinks as they are now.',
      '',
      'This is Postern on mail.example.com.',
      '',
    ].join('\r\n'),
  );
});

test('whatever a receiver said, no line is long, and none but ours is a header', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.string(), (reason, subject) => {
      const notice = { condition: condition('uplink', 'down', { reason, subject }), ended: null };
      const facts = { hostname: 'mail.example.com', id: '06YYVQE6400', at, forwardPath: 'a@example.com' };
      const mail = noticeMail({ ...facts, text: noticeText(notice, 'mail.example.com') }).toString('latin1');
      const lines = mail.split('\r\n');
      assert.ok(lines.every(line => line.length <= 200 && /^[ -~]*$/.test(line)));
      assert.equal(lines.indexOf(''), 9);
    }),
  );
});
