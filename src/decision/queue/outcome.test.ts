import assert from 'node:assert/strict';
import test from 'node:test';
import type { ClientStage } from '../../protocol/smtp/client-session-types.ts';
import { reply } from '../../protocol/smtp/reply.ts';
import type { AttemptContext, AttemptEnd } from './attempt.ts';
import { needsPreferredEgress, outcomeOf } from './outcome.ts';

const preferred: AttemptContext = {
  standIn: false,
  othersTaken: false,
  sessionUsed: false,
  inClear: false,
  ofSmartHost: false,
  mayTryAgain: true,
};
const inClear: AttemptContext = { ...preferred, inClear: true };
const standIn: AttemptContext = { ...preferred, standIn: true };
const kept: AttemptContext = { ...preferred, sessionUsed: true };
const exhausted: AttemptContext = { ...kept, mayTryAgain: false };
const amongOthers: AttemptContext = { ...preferred, othersTaken: true };

const said = (stage: ClientStage, code: number, status: string | null = null): AttemptEnd => ({
  kind: 'replied',
  stage,
  reply: reply(code, status, 'words'),
});
const broken = (stage: ClientStage, dotSent: boolean): AttemptEnd => ({
  kind: 'broken',
  stage,
  dotSent,
  error: 'reset',
});

/** The sentence; the end; the circumstances; what becomes of it: kind, blame, and of `lastEgress`. */
const rows: [string, AttemptEnd, AttemptContext, string][] = [
  ['a 250 to the dot delivers', said('dot', 250, '2.0.0'), preferred, 'delivered'],
  ['a 250 to the dot delivers by a stand-in too', said('dot', 250), standIn, 'delivered'],
  [
    'an unknown recipient bounces and is the recipient’s',
    said('rcpt', 550, '5.1.1'),
    preferred,
    'bounced recipient',
  ],
  [
    'an unknown recipient bounces on a stand-in too',
    said('rcpt', 550, '5.1.1'),
    standIn,
    'bounced recipient',
  ],
  [
    'the preferred egress’s policy refusal is the answer',
    said('rcpt', 550, '5.7.1'),
    preferred,
    'bounced destination',
  ],
  [
    'a host that wants TLS, asked in clear, has not answered about the message',
    { kind: 'replied', stage: 'mail', reply: reply(530, '5.7.0', 'Must issue a STARTTLS command first') },
    inClear,
    'deferred route unchanged',
  ],
  [
    'nor where its status says that encryption is needed',
    said('rcpt', 550, '5.7.10'),
    inClear,
    'deferred route unchanged',
  ],
  [
    'under TLS it has',
    { kind: 'replied', stage: 'mail', reply: reply(530, '5.7.0', 'Must issue a STARTTLS command first') },
    preferred,
    'bounced destination',
  ],
  [
    'a policy refusal in clear that is about something else is the answer',
    said('rcpt', 550, '5.7.1'),
    inClear,
    'bounced destination',
  ],
  [
    'what a stand-in’s smart host lacks says nothing of the preferred egress',
    { kind: 'unfit_message', reply: reply(552, '5.3.4', 'too large') },
    { ...standIn, ofSmartHost: true },
    'awaits_preferred route',
  ],
  [
    'a policy refusal of a stand-in blames the route',
    said('rcpt', 550, '5.7.1'),
    standIn,
    'awaits_preferred route',
  ],
  [
    'a policy refusal after the dot blames the route too',
    said('dot', 554, '5.7.26'),
    standIn,
    'awaits_preferred route',
  ],
  [
    'a passing policy refusal of a stand-in blames the route',
    said('rcpt', 450, '4.7.1'),
    standIn,
    'awaits_preferred route',
  ],
  ['greylisting keeps the egress', said('rcpt', 450, '4.7.1'), preferred, 'deferred destination keep'],
  [
    'a 4xx without policy keeps even a stand-in',
    said('rcpt', 451, '4.3.0'),
    standIn,
    'deferred recipient keep',
  ],
  ['a 554 greeting bounces on the preferred egress', said('greeting', 554), preferred, 'bounced destination'],
  ['a 554 greeting of a stand-in waits', said('greeting', 554), standIn, 'awaits_preferred route'],
  ['a refused EHLO of a stand-in waits', said('ehlo', 550), standIn, 'awaits_preferred route'],
  [
    'a refused MAIL of a stand-in waits, for good or not',
    said('mail', 451),
    standIn,
    'awaits_preferred route',
  ],
  ['a refused MAIL of the preferred bounces', said('mail', 550, '5.1.8'), preferred, 'bounced destination'],
  [
    'a message over the limit is the message’s fault',
    said('mail', 552, '5.3.4'),
    preferred,
    'bounced message',
  ],
  [
    'content refused after the dot is the message’s fault',
    said('dot', 554, '5.6.0'),
    preferred,
    'bounced message',
  ],
  ['a refused DATA waits', said('data', 451), preferred, 'deferred message keep'],
  ['a 421 greeting waits', said('greeting', 421, '4.3.2'), preferred, 'deferred destination keep'],
  ['a 421 on a session that had carried mail is tried again', said('mail', 421), kept, 'again'],
  ['a 421 with no try left waits', said('mail', 421), exhausted, 'deferred destination keep'],
  ['one recipient too many follows at once', said('rcpt', 452, '4.5.3'), amongOthers, 'again'],
  ['552 is read as one recipient too many', said('rcpt', 552), amongOthers, 'again'],
  ['a full mailbox is not one too many', said('rcpt', 452, '4.2.2'), amongOthers, 'deferred recipient keep'],
  ['too many though none was taken waits', said('rcpt', 452, '4.5.3'), preferred, 'deferred recipient keep'],
  ['a break after the dot is a doubt', broken('dot', true), preferred, 'in_doubt'],
  ['a break after the dot is a doubt, tries or not', broken('dot', true), exhausted, 'in_doubt'],
  ['a break before the dot is tried again', broken('data', false), preferred, 'again'],
  [
    'a break before the dot with no try left waits',
    broken('rcpt', false),
    exhausted,
    'deferred destination unchanged',
  ],
  [
    '250 where 354 is due makes no sense, and waits',
    said('data', 250),
    preferred,
    'deferred destination unchanged',
  ],
  [
    'a site that nobody reached waits',
    { kind: 'unreached', error: 'e' },
    preferred,
    'deferred destination unchanged',
  ],
  [
    'DNS that gave nothing waits',
    { kind: 'no_next_hop', error: 'e' },
    preferred,
    'deferred destination unchanged',
  ],
  [
    'a null MX bounces',
    { kind: 'hop_refused', reply: reply(556, '5.1.10', 'no') },
    preferred,
    'bounced destination',
  ],
  [
    'what a host cannot take bounces, from any egress',
    { kind: 'unfit_message', reply: reply(552, '5.3.4', 'no') },
    standIn,
    'bounced message',
  ],
  [
    'what was not tried is nobody’s failure',
    { kind: 'not_tried', error: 'e' },
    preferred,
    'deferred route unchanged',
  ],
];

for (const [sentence, end, context, expected] of rows) {
  test(`outcome: ${sentence}`, () => {
    const outcome = outcomeOf(end, context);
    const blame = 'blame' in outcome ? [outcome.blame] : [];
    const egress = outcome.kind === 'deferred' ? [outcome.egress] : [];
    assert.equal([outcome.kind, ...blame, ...egress].join(' '), expected);
    assert.ok(outcome.reason.length > 0);
  });
}

test('outcome: only an attempt counts as one', () => {
  const counts = (end: AttemptEnd) => {
    const outcome = outcomeOf(end, preferred);
    return outcome.kind === 'deferred' && outcome.counts;
  };
  assert.equal(counts({ kind: 'not_tried', error: 'e' }), false);
  assert.equal(counts({ kind: 'unreached', error: 'e' }), true);
});

test('outcome: nothing but a refusal for good makes a message wait for the preferred egress alone', () => {
  assert.equal(needsPreferredEgress('554 5.7.1 No'), true);
  assert.equal(needsPreferredEgress('450 4.7.1 Later'), false);
  assert.equal(needsPreferredEgress('Connecting to 192.0.2.1:25 had no answer in 5500 ms.'), false);
  assert.equal(needsPreferredEgress(null), false);
});
