import assert from 'node:assert/strict';
import test from 'node:test';
import { reply } from '../../protocol/smtp/reply.ts';
import {
  holdsInSilence,
  isPostmaster,
  recipientAnswer,
  recipientKey,
  unsureVerdict,
  useOfRemembered,
} from './recipient-verdict.ts';

const answers: [string, number, string | null, string][] = [
  ['250 knows it', 250, '2.1.5', 'known'],
  ['251, forwarded, knows it too', 251, null, 'known'],
  ['550 5.1.1 does not know it', 550, '5.1.1', 'unknown'],
  ['550 5.1.10, as Exchange says, does not know it', 550, '5.1.10', 'unknown'],
  ['550 without an enhanced code does not know it', 550, null, 'unknown'],
  ['553 without an enhanced code does not know it', 553, null, 'unknown'],
  ['554 5.7.1 is about us, not the mailbox', 554, '5.7.1', 'unsure'],
  ['550 5.7.1 is about us too', 550, '5.7.1', 'unsure'],
  ['552 5.2.2: a full mailbox exists, but that is not what was asked', 552, '5.2.2', 'unsure'],
  ['554 without a code says nothing', 554, null, 'unsure'],
  ['530 asks for something else', 530, null, 'unsure'],
  ['450 says nothing', 450, '4.7.1', 'unsure'],
];
for (const [sentence, code, status, expected] of answers)
  test(`recipient: ${sentence}`, () => assert.equal(recipientAnswer(reply(code, status, 'words')), expected));

test('recipient: silence says nothing', () => assert.equal(recipientAnswer(null), 'unsure'));

const minute = 60_000;
const hour = 60 * minute;
const uses: [string, boolean, number, string][] = [
  ['a known one is taken for six hours', true, 6 * hour, 'use'],
  ['then it is taken and asked about behind', true, 6 * hour + 1, 'refresh'],
  ['after thirty days it is asked about first', true, 31 * 24 * hour, 'ask'],
  ['an unknown one is refused for a quarter of an hour', false, 15 * minute, 'use'],
  ['then it is asked about first', false, 15 * minute + 1, 'ask'],
  ['a clock that was set back makes nothing old', false, -hour, 'use'],
];
for (const [sentence, known, age, expected] of uses)
  test(`remembered recipient: ${sentence}`, () =>
    assert.equal(useOfRemembered({ known, at: 0 }, age), expected));

const silences: [string, boolean, number, number, number, boolean][] = [
  ['what is known stands for days', true, 0, 0, 5 * 24 * hour, true],
  ['and not for ever', true, 0, 0, 31 * 24 * hour, false],
  ['a refusal from just before the silence stands as long as it lasts', false, 0, hour, 9 * 24 * hour, true],
  ['a refusal from days before the silence does not', false, 0, 3 * 24 * hour, 3 * 24 * hour, false],
];
for (const [sentence, known, at, heardAt, now, expected] of silences)
  test(`while the store is silent: ${sentence}`, () =>
    assert.equal(holdsInSilence({ known, at }, heardAt, now), expected));

test('recipients are compared in lower case, and without needless quotes', () => {
  assert.equal(recipientKey('"User"@Example.com'), 'user@example.com');
  assert.equal(recipientKey('"a b"@example.com'), '"a b"@example.com');
});

test('recipients are compared whatever way their domain and accents are written', () => {
  assert.equal(recipientKey('user@B\u00fccher.example'), 'user@xn--bcher-kva.example');
  assert.equal(recipientKey('user@XN--BCHER-KVA.example'), 'user@xn--bcher-kva.example');
  assert.equal(recipientKey('JO\u0308RG@example.com'), 'j\u00f6rg@example.com');
});

test('postmaster is known in any case and in quotes, and only as the whole local part', () => {
  assert.ok(isPostmaster('Postmaster@example.com'));
  assert.ok(isPostmaster('"postmaster"@example.com'));
  assert.ok(!isPostmaster('postmaster2@example.com'));
  assert.ok(!isPostmaster('"postmaster@remote.example"@example.com'));
});

test('where nobody can be asked it is deferred, or taken, as configured', () => {
  assert.equal(unsureVerdict('accept'), null);
  assert.equal(unsureVerdict('defer')?.code, 451);
});
