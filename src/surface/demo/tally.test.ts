import assert from 'node:assert/strict';
import test from 'node:test';
import { Tally } from './tally.ts';

const [one, two] = [
  { remoteAddress: '198.51.100.30', ehlo: 'mail.example.com' },
  { remoteAddress: '203.0.113.40', ehlo: 'mail2.example.com' },
];

/** Delivered by a session of its own, with a greeting after 5 ms and the MAIL after 7. */
function delivery(messageId: string, sessionAt: number, by: typeof one) {
  return { messageId, sessionAt, greetedAt: sessionAt + 5, mailAt: sessionAt + 7, ...by };
}

/** Messages as [accepted, started, by], with a cut from 1000 to 2000; a start of null never arrived. */
function reckon(messages: readonly [number, number | null, typeof one][]) {
  const tally = new Tally();
  for (const [n, [acceptedAt, startedAt, by]] of messages.entries()) {
    const messageId = `<${n}@example.com>`;
    tally.accepted(messageId, acceptedAt);
    if (startedAt !== null) tally.delivered(delivery(messageId, startedAt, by));
  }
  return tally.reckon({ at: 1000, healedAt: 2000 });
}

const usual: [number, number, typeof one][] = [
  [100, 102, one],
  [200, 204, one],
  [300, 304, one],
];

const rows: [string, readonly [number, number | null, typeof one][], number | null][] = [
  ['without a message after the cut there is no added delay', usual, null],
  [
    'a message accepted after the cut is late by its start less the usual',
    [...usual, [1100, 1354, two]],
    250,
  ],
  ['a message accepted before the cut counts from the cut', [...usual, [990, 1204, two]], 200],
  ['a message quicker than usual is not early', [...usual, [1100, 1101, two]], 0],
  ['a message accepted after the healing is not the cut’s', [...usual, [2100, 2900, one]], null],
];
for (const [sentence, messages, expected] of rows) {
  test(`tally: ${sentence}`, () => assert.equal(reckon(messages).addedDelayMs?.max ?? null, expected));
}

test('tally: the delay up to MAIL is told beside', () => {
  const { addedDelayMs, addedToMailMs } = reckon([...usual, [1100, 1354, two]]);
  assert.deepEqual([addedDelayMs?.max, addedToMailMs?.max], [250, 257]);
});

test('tally: a session that stood greeted before the acceptance counts by its MAIL, one still greeting by its start', () => {
  const tally = new Tally();
  const session = { ...two, sessionAt: 1010, greetedAt: 7010 };
  for (const [messageId, acceptedAt, mailAt] of [
    ['<waited for the greeting>', 1500, 7020],
    ['<on the kept session>', 7500, 7900],
  ] as const) {
    tally.accepted(messageId, acceptedAt);
    tally.delivered({ ...session, messageId, mailAt });
  }
  assert.equal(tally.reckon({ at: 1000, healedAt: 9000 }).addedDelayMs?.max, 400);
  assert.equal(tally.reckon({ at: 1000, healedAt: 7200 }).addedDelayMs?.max, 0);
});

test('tally: what never arrived is lost, what arrived again is doubled, and each name counts', () => {
  const tally = new Tally();
  for (const messageId of ['<a>', '<b>', '<c>']) tally.accepted(messageId, 0);
  for (const messageId of ['<a>', '<b>', '<b>']) {
    tally.delivered(delivery(messageId, 1, messageId === '<a>' ? one : two));
  }
  const reckoning = tally.reckon(null);
  assert.deepEqual([reckoning.lost, reckoning.duplicates, reckoning.delivered], [['<c>'], 1, 2]);
  assert.deepEqual(reckoning.byIdentity, [
    { source: one.remoteAddress, ehlo: one.ehlo, messages: 1 },
    { source: two.remoteAddress, ehlo: two.ehlo, messages: 2 },
  ]);
});
