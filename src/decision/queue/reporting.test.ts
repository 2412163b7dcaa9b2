import assert from 'node:assert/strict';
import test from 'node:test';
import type { RecipientDsn } from '../../protocol/smtp/envelope.ts';
import { reply } from '../../protocol/smtp/reply.ts';
import type { AttemptEnd } from './attempt.ts';
import {
  delayNoticeAt,
  delaySaying,
  expirySaying,
  refusalSaying,
  successSaying,
  wantsReport,
} from './reporting.ts';

const abouts = ['success', 'failure', 'delay'] as const;
const wants: [string, string, RecipientDsn['notify'], string][] = [
  ['who says nothing hears of failures and delays', 'a@example.com', null, 'failure delay'],
  ['NEVER is never', 'a@example.com', [], ''],
  ['FAILURE is failures alone', 'a@example.com', ['failure'], 'failure'],
  ['SUCCESS,DELAY is no failure', 'a@example.com', ['success', 'delay'], 'success delay'],
  ['the null reverse-path hears of nothing', '', ['success', 'failure', 'delay'], ''],
];
for (const [sentence, reversePath, notify, expected] of wants) {
  test(`report: ${sentence}`, () => {
    const dsn = { notify, orcpt: null };
    const told = abouts.filter(about => wantsReport({ reversePath }, { dsn }, about));
    assert.equal(told.join(' '), expected);
  });
}

test('report: a delay is told once, at its time', () => {
  const message = { reversePath: 'a@example.com', receivedAt: 100 };
  assert.equal(delayNoticeAt(message, {}, 40), 140);
  assert.equal(delayNoticeAt(message, { delayTold: true }, 40), null);
  assert.equal(delayNoticeAt(message, {}, null), null);
  assert.equal(delayNoticeAt({ ...message, reversePath: '' }, {}, 40), null);
  assert.equal(delayNoticeAt(message, { dsn: { notify: ['failure'], orcpt: null } }, 40), null);
});

const at = (stage: Extract<AttemptEnd, { kind: 'replied' }>['stage'], code: number, status: string | null) =>
  ({ kind: 'replied', stage, reply: reply(code, status, 'So they say.') }) as const;
const hop = (code: number, status: string, text: string): AttemptEnd => ({
  kind: 'hop_refused',
  reply: reply(code, status, text),
});

const refusals: [string, AttemptEnd, string, string][] = [
  ['their own code goes on', at('dot', 554, '5.6.0'), '5.6.0', 'refused the message'],
  [
    'a recipient refused without one is a bad mailbox',
    at('rcpt', 550, null),
    '5.1.1',
    'refused the recipient',
  ],
  ['a full one', at('rcpt', 552, null), '5.2.2', 'refused the recipient'],
  ['a message too large', at('mail', 552, null), '5.3.4', 'refused the sender'],
  ['a host that takes no mail', at('greeting', 521, null), '5.3.2', 'refused to take mail from us'],
  ['what is not known is a failure', at('data', 554, null), '5.0.0', 'refused the message'],
  ['no such domain', hop(550, '5.1.2', 'There is none.'), '5.1.2', 'There is none.'],
  ['mail that would go in a circle', hop(554, '5.4.6', 'Only ourselves.'), '5.4.6', 'Only ourselves.'],
  ['a null MX', hop(556, '5.1.10', 'It takes no mail.'), '5.1.10', 'It takes no mail.'],
  [
    'a host that cannot take 8-bit content',
    { kind: 'unfit_message', reply: reply(554, '5.6.3', 'No 8BITMIME.') },
    '5.6.3',
    'No 8BITMIME.',
  ],
];
for (const [sentence, end, status, reason] of refusals) {
  test(`status of a failure: ${sentence}`, () => {
    const said = refusalSaying(end, 'reply' in end ? end.reply.lines.join(' ') : '');
    assert.equal(said.status, status);
    assert.ok(said.reason.includes(reason), said.reason);
    assert.equal(said.reply !== null, end.kind === 'replied', 'our own words are not the words of another');
  });
}

const unreached: AttemptEnd = { kind: 'unreached', error: 'No host answered' };
const delays: [string, AttemptEnd | null, string | null, string, string][] = [
  ['no host answers', unreached, null, '4.4.1', 'No host answered.'],
  ['DNS does not answer', { kind: 'no_next_hop', error: 'DNS is silent.' }, null, '4.4.3', 'DNS is silent.'],
  [
    'sessions break',
    { kind: 'broken', stage: 'data', dotSent: false, error: 'Reset.' },
    null,
    '4.4.2',
    'Reset.',
  ],
  ['it is put off', at('rcpt', 451, '4.7.1'), null, '4.7.1', 'does not take it for the time being'],
  ['it was put off before', null, '451 4.7.1 Come again', '4.7.1', 'does not take it for the time being'],
  ['a stand-in was refused', null, '550 5.7.25 No PTR', '4.0.0', 'does not take it for the time being'],
  ['no uplink is up', null, null, '4.4.0', 'It could not be sent yet.'],
  ['there was no answer before', null, 'No host answered', '4.4.0', 'No host answered.'],
];
for (const [sentence, end, lastReply, status, reason] of delays) {
  test(`status of a delay: ${sentence}`, () => {
    const said = delaySaying(end, { lastReply });
    assert.equal(said.status, status);
    assert.ok(said.reason.includes(reason), said.reason);
  });
}

test('status of an expiry: 4.4.7, with the last word of the other side', () => {
  const silent = expirySaying(unreached, { lastReply: null });
  assert.deepEqual([silent.status, silent.reply], ['4.4.7', null]);
  assert.ok(silent.reason.endsWith('in the time that mail is kept. No host answered.'));
  const tried = expirySaying({ kind: 'not_tried', error: '' }, { lastReply: '451 4.7.1 Come again' });
  assert.deepEqual([tried.status, tried.reply?.code, tried.reply?.lines], ['4.4.7', 451, ['Come again']]);
});

test('status of a success: that of the far side, or 2.0.0', () => {
  assert.equal(successSaying(at('dot', 250, '2.6.0'), 'delivered').status, '2.6.0');
  assert.equal(successSaying(at('dot', 250, null), 'relayed').status, '2.0.0');
});
