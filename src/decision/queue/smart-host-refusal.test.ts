import assert from 'node:assert/strict';
import test from 'node:test';
import type { ClientStage } from '../../protocol/smtp/client-session-types.ts';
import { smartHostRefusal } from './smart-host-refusal.ts';

const rows = [
  ['a login that is wanted at MAIL', 'mail', 530, '5.7.0', 'login'],
  ['a login that is wanted at RCPT, without an enhanced status', 'rcpt', 530, null, 'login'],
  ['a mechanism that is too weak', 'mail', 534, '5.7.9', 'login'],
  ['a relay that is denied', 'rcpt', 554, '5.7.1', 'policy'],
  ['a sender who is not ours to name', 'mail', 553, '5.7.1', 'policy'],
  ['a recipient who does not exist', 'rcpt', 550, '5.1.1', null],
  ['a content that is refused', 'dot', 554, '5.7.1', null],
  ['a refusal for now', 'mail', 450, '4.7.1', null],
] as const satisfies readonly (readonly [
  string,
  ClientStage,
  number,
  string | null,
  'login' | 'policy' | null,
])[];

for (const [sentence, stage, code, enhancedStatus, about] of rows)
  test(`smart host's refusal: ${sentence} is ${about ?? 'the answer'}`, () => {
    assert.equal(smartHostRefusal(stage, { code, enhancedStatus, lines: ['No'] }), about);
  });
