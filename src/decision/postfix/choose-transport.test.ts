import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EgressState, EgressView } from '../egress/health-state.ts';
import { chooseTransport, type TransportView } from './choose-transport.ts';
import { DeferredMail } from './deferred-mail.ts';

/** `unfit`, `held` and `used` are up, and unfit by `when_unfit`. */
type Word = EgressState | 'unfit' | 'held' | 'used';

const whenUnfit: Readonly<Partial<Record<Word, EgressView['whenUnfit']>>> = {
  unfit: 'last',
  held: 'hold',
  used: 'use',
};

function view(uplink: string, preference: number, states: readonly Word[]): TransportView {
  const egresses = states.map(
    (word, place): EgressView => ({
      id: `${uplink}/${place}`,
      uplink,
      state: word === 'unfit' || word === 'held' || word === 'used' ? 'up' : word,
      since: 0,
      reason: 'so it is',
      fit: whenUnfit[word] === undefined ? 'fit' : 'unfit',
      preference,
      weight: 1,
      family: 4,
      egress: null,
      whenUnfit: whenUnfit[word] ?? 'last',
    }),
  );
  return { uplink, transport: `postern-${uplink}`, preference, egresses };
}

const rows: readonly (readonly [string, string, readonly Word[], readonly Word[], string])[] = [
  ['both up: the preferred one stays', 'isp1', ['up'], ['up'], 'keep'],
  ['nothing known yet: the one in use stays', 'isp1', ['unknown'], ['unknown'], 'keep'],
  ['nothing known yet: not even the preferred one is taken', 'isp2', ['unknown'], ['unknown'], 'keep'],
  ['the one in use is dead', 'isp1', ['down'], ['up'], 'postern-isp2'],
  [
    'the one in use is dead, and of the other nothing is known',
    'isp1',
    ['down'],
    ['unknown'],
    'postern-isp2',
  ],
  ['the preferred one is back, with proof', 'isp2', ['up'], ['up'], 'postern-isp1'],
  ['the preferred one is not sure', 'isp2', ['degraded'], ['up'], 'keep'],
  ['the one in use is not sure, the other is', 'isp1', ['degraded'], ['up'], 'postern-isp2'],
  ['the one in use is not sure, the other is unknown', 'isp1', ['degraded'], ['unknown'], 'keep'],
  ['both not sure: the preferred one is taken only with proof', 'isp2', ['degraded'], ['degraded'], 'keep'],
  ['both dead', 'isp1', ['down'], ['down'], 'none'],
  ['one address of the one in use is dead', 'isp1', ['up', 'down'], ['up'], 'postern-isp2'],
  ['one address of the only usable one is dead', 'isp1', ['up', 'down'], ['down'], 'keep'],
  ['the one in use is drained', 'isp1', ['drained'], ['up'], 'postern-isp2'],
  ['the name of the one in use does not stand', 'isp1', ['unfit'], ['up'], 'postern-isp2'],
  ['the name of the other does not stand, but this one is dead', 'isp1', ['down'], ['unfit'], 'postern-isp2'],
  [
    'a name that does not stand weighs more than a dead address',
    'isp1',
    ['unfit'],
    ['up', 'down'],
    'postern-isp2',
  ],
  ['a dead address weighs more than one that is not sure', 'isp2', ['up', 'down'], ['degraded'], 'keep'],
  [
    'where the operator uses a name that does not stand, it is as good as any',
    'isp1',
    ['used'],
    ['up'],
    'keep',
  ],
  ['what is held back proves nothing', 'isp2', ['held', 'degraded'], ['degraded', 'down'], 'keep'],
  ['the other is held back', 'isp1', ['down'], ['held'], 'none'],
  ['default_transport is the operator’s', 'smtp', ['up'], ['up'], 'foreign'],
];

for (const [sentence, current, first, second, wanted] of rows)
  test(sentence, () => {
    const name = current === 'smtp' ? current : `postern-${current}`;
    const choice = chooseTransport(name, [view('isp1', 10, first), view('isp2', 20, second)]);
    assert.equal(choice.kind === 'switch' ? choice.to : choice.kind, wanted);
    assert.match(choice.reason, /^\S.*\.$/);
  });

const reasons: readonly (readonly [string, readonly Word[], readonly Word[], RegExp])[] = [
  ['isp1', ['degraded'], ['up'], /^isp1 is degraded: so it is, and isp2 is up: so it is\.$/],
  ['isp2', ['up'], ['up'], /^isp1 is up: so it is, and it is preferred \(10 before 20\)\.$/],
  ['isp1', ['up', 'down'], ['down'], /^isp1 is down: so it is\.$/],
  ['isp1', ['unfit'], ['up'], /^isp1 is unfit: so it is, and isp2 is up/],
  ['isp1', ['down', 'unfit'], ['up'], /^isp1 is down: so it is, and/],
];

for (const [current, first, second, reason] of reasons)
  test(`the reason is said: ${reason.source}`, () => {
    const views = [view('isp1', 10, first), view('isp2', 20, second)];
    assert.match(chooseTransport(`postern-${current}`, views).reason, reason);
  });

test('of equals the one in use stays', () => {
  const views = [view('isp1', 10, ['up']), view('isp2', 10, ['up'])];
  assert.equal(chooseTransport('postern-isp2', views).kind, 'keep');
});

test('what another transport had is sent on, the eldest first, and what has left is not', () => {
  const mail = new DeferredMail();
  mail.note('A', 'postern-isp1');
  mail.note('B', 'postern-isp2');
  mail.note('C', 'postern-isp1');
  assert.equal(mail.next('postern-isp1'), 'B');
  assert.equal(mail.next('postern-isp2'), 'A');
  mail.forget('A');
  assert.equal(mail.next('postern-isp2'), 'C');
  mail.note('C', 'postern-isp2');
  assert.equal(mail.next('postern-isp2'), null);
});

test('what the only uplink had deferred is sent on when it is back', () => {
  const mail = new DeferredMail();
  mail.note('A', 'postern-isp1');
  mail.note('B', 'postern-isp2');
  mail.revive('postern-isp1');
  assert.equal(mail.next('postern-isp1'), 'A');
  mail.forget('A');
  assert.equal(mail.next('postern-isp1'), 'B');
  mail.note('C', 'postern-isp1');
  mail.forget('B');
  assert.equal(mail.next('postern-isp1'), null, 'what is deferred after that waits');
});

test('what waits again is the youngest, and a revival is of one transport', () => {
  const mail = new DeferredMail();
  for (const id of ['A', 'B', 'A']) mail.note(id, 'postern-isp1');
  assert.equal(mail.next('postern-isp2'), 'B');
  mail.revive('postern-isp2');
  assert.equal(mail.next('postern-isp1'), null);
});

test('a flood of deferred mail is bounded', () => {
  const mail = new DeferredMail();
  for (let number = 0; number < 60_000; number += 1) mail.note(String(number), 'postern-isp1');
  assert.equal(mail.size, 50_000);
  assert.equal(mail.next('postern-isp2'), '10000');
});
