import assert from 'node:assert/strict';
import test from 'node:test';
import { ClientDriver, type Letter, playEverySplit } from '../../../test/client-transcript.ts';

const plain = `
  S: 220-mx.remote.example ESMTP
  S: 220 at your service
  C: EHLO mail.example.com
  S: 250 mx.remote.example
  A: ready`;

const pipelined = `
  S: 220 mx.remote.example ESMTP
  C: EHLO mail.example.com
  S: 250-mx.remote.example
  S: 250-SIZE 1000
  S: 250-8bitmime
  S: 250 PIPELINING
  A: ready pipelining 8bit size`;

const group = `${pipelined}
  E: start
  C: MAIL FROM:<a@example.com> SIZE=3
  C: RCPT TO:<b@remote.example>
  C: DATA`;

const two: Letter = { forwardPaths: ['b@remote.example', 'c@remote.example'] };

const groupOfTwo = `${pipelined}
  E: start
  C: MAIL FROM:<a@example.com> SIZE=3
  C: RCPT TO:<b@remote.example>
  C: RCPT TO:<c@remote.example>
  C: DATA`;

const transcripts: [string, Letter, string][] = [
  [
    'without PIPELINING the commands go one by one',
    two,
    `${plain}
    E: start
    C: MAIL FROM:<a@example.com>
    S: 250 ok
    C: RCPT TO:<b@remote.example>
    S: 250 ok
    C: RCPT TO:<c@remote.example>
    S: 250 ok
    C: DATA
    S: 354 go on
    C: x
    C: .
    A: dotSent
    S: 250 2.0.0 taken
    A: result dot 250, dot 250; dot sent
    E: quit
    C: QUIT
    S: 221 bye
    A: close quit`,
  ],
  [
    'with it they go together, and the next transaction needs no RSET',
    {},
    `${group}
    S: 250 2.1.0 ok
    S: 250 2.1.5 ok
    S: 354 go on
    C: x
    C: .
    A: dotSent
    S: 250 2.0.0 taken
    A: result dot 250; dot sent
    E: start
    C: MAIL FROM:<a@example.com> SIZE=3
    C: RCPT TO:<b@remote.example>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 451 4.3.0 not now
    A: result data 451
    E: start
    C: RSET
    C: MAIL FROM:<a@example.com> SIZE=3
    C: RCPT TO:<b@remote.example>
    C: DATA
    S: 250 reset
    S: 250 ok
    S: 250 ok
    S: 354 go on
    C: x
    C: .
    A: dotSent
    S: 552 5.2.2 full
    A: result dot 552; dot sent`,
  ],
  [
    'one recipient is refused and the other gets the message',
    two,
    `${groupOfTwo}
    S: 250 ok
    S: 550 5.1.1 no
    S: 250 ok
    S: 354 go on
    C: x
    C: .
    A: dotSent
    S: 250 taken
    A: result rcpt 550, dot 250; dot sent`,
  ],
  [
    'too many recipients: each has his own reply',
    two,
    `${groupOfTwo}
    S: 250 ok
    S: 250 ok
    S: 452 4.5.3 too many
    S: 354 go on
    C: x
    C: .
    A: dotSent
    S: 250 taken
    A: result dot 250, rcpt 452; dot sent`,
  ],
  [
    'all recipients are refused, and so is DATA',
    two,
    `${groupOfTwo}
    S: 250 ok
    S: 550 no
    S: 451 not now
    S: 503 no recipients
    A: result rcpt 550, rcpt 451
    E: start
    C: RSET
    C: MAIL FROM:<a@example.com> SIZE=3
    C: RCPT TO:<b@remote.example>
    C: RCPT TO:<c@remote.example>
    C: DATA`,
  ],
  [
    'all recipients are refused, and yet DATA is answered with 354: an empty message ends it',
    two,
    `${groupOfTwo}
    S: 250 ok
    S: 550 no
    S: 451 not now
    S: 354 go on
    C: .
    S: 554 no recipients
    A: result rcpt 550, rcpt 451
    E: quit
    C: QUIT`,
  ],
  [
    'a refused MAIL is the word for all, whatever the pipelined rest is told',
    two,
    `${groupOfTwo}
    S: 451 4.7.1 greylisted
    S: 503 5.5.1 no
    S: 503 5.5.1 no
    S: 503 5.5.1 no
    A: result mail 451, mail 451
    E: start
    C: MAIL FROM:<a@example.com> SIZE=3
    C: RCPT TO:<b@remote.example>
    C: RCPT TO:<c@remote.example>
    C: DATA`,
  ],
  [
    'a refused MAIL one by one: nothing more is sent',
    {},
    `${plain}
    E: start
    C: MAIL FROM:<a@example.com>
    S: 550 5.7.1 no
    A: result mail 550`,
  ],
  [
    'all refused one by one: DATA is not sent',
    two,
    `${plain}
    E: start
    C: MAIL FROM:<a@example.com>
    S: 250 ok
    C: RCPT TO:<b@remote.example>
    S: 550 no
    C: RCPT TO:<c@remote.example>
    S: 550 no
    A: result rcpt 550, rcpt 550
    E: start
    C: RSET
    S: 250 ok
    C: MAIL FROM:<a@example.com>`,
  ],
  [
    '421 in the middle is the word for whoever has none of his own',
    two,
    `${groupOfTwo}
    S: 250 ok
    S: 550 no
    S: 421 4.3.2 closing
    A: result rcpt 550, rcpt 421
    A: close 421`,
  ],
  [
    '421 after one was accepted',
    two,
    `${groupOfTwo}
    S: 250 ok
    S: 250 ok
    S: 421 4.3.2 closing
    S: 421 again
    A: result rcpt 421, rcpt 421
    A: close 421`,
  ],
  [
    '421 at the dot',
    {},
    `${group}
    S: 250 ok
    S: 250 ok
    S: 354 go on
    C: x
    C: .
    A: dotSent
    S: 421 4.3.2 closing
    A: result dot 421; dot sent
    A: close 421`,
  ],
  [
    '421 in an idle session',
    {},
    `${pipelined}
    S: 421 4.4.2 idle too long
    A: close 421`,
  ],
  [
    'the connection ends before the dot',
    two,
    `${groupOfTwo}
    S: 250 ok
    S: 550 no
    S: 250 ok
    E: ended
    A: result rcpt 550, data nothing`,
  ],
  [
    'the connection ends after the dot: doubt',
    {},
    `${group}
    S: 250 ok
    S: 250 ok
    S: 354 go on
    C: x
    C: .
    A: dotSent
    E: ended
    A: result dot nothing; dot sent`,
  ],
  [
    'a held dot waits for leave',
    { holdDot: true, body: ['x\r\n', '.y\r\n', '.', 'z'] },
    `${group}
    S: 250 ok
    S: 250 ok
    S: 354 go on
    C: x
    C: ..y
    C: ..\\c
    C: z
    A: dotHeld
    E: dotAllowed
    C: .
    A: dotSent
    E: dotAllowed
    S: 250 taken
    A: result dot 250; dot sent`,
  ],
  [
    'a refusal in the middle of the body is the message’s, and the session is over',
    { holdDot: true },
    `${group}
    S: 250 ok
    S: 250 ok
    S: 354 go on
    C: x
    A: dotHeld
    S: 552 5.3.4 too large
    A: result body 552
    A: close refused`,
  ],
  [
    'a 354 that comes twice is no SMTP',
    { holdDot: true },
    `${group}
    S: 250 ok
    S: 250 ok
    S: 354 go on
    C: x
    A: dotHeld
    S: 354 go on
    A: result body nothing
    A: close protocol`,
  ],
  [
    'a body without a last line end gets it',
    { body: ['x'] },
    `${group}
    S: 250 ok
    S: 250 ok
    S: 354 go on
    C: x
    C: .
    A: dotSent`,
  ],
  [
    'an empty body is its dot',
    { body: [''] },
    `${group}
    S: 250 ok
    S: 250 ok
    S: 354 go on
    C: .
    A: dotSent`,
  ],
  [
    'a host without EHLO is spoken to with HELO',
    {},
    `
    S: 220 old
    C: EHLO mail.example.com
    S: 502 what
    C: HELO mail.example.com
    S: 250 old
    A: ready`,
  ],
  [
    'EHLO refused for another reason is refused',
    {},
    `
    S: 220 mx
    C: EHLO mail.example.com
    S: 554 5.7.1 go away
    A: refused ehlo 554
    C: QUIT
    A: close refused`,
  ],
  [
    'EHLO refused for who we are is not asked again as HELO',
    {},
    `
    S: 220 mx
    C: EHLO mail.example.com
    S: 550 5.7.1 not by that name
    A: refused ehlo 550
    C: QUIT
    A: close refused`,
  ],
  [
    'HELO refused',
    {},
    `
    S: 220 mx
    C: EHLO mail.example.com
    S: 550 no
    C: HELO mail.example.com
    S: 550 5.7.1 go away
    A: refused ehlo 550
    C: QUIT
    A: close refused`,
  ],
  [
    'a greeting of 554',
    {},
    `
    S: 554-mx
    S: 554 no
    A: refused greeting 554
    C: QUIT
    A: close refused`,
  ],
  [
    'a greeting of 421',
    {},
    `
    S: 421 busy
    A: refused greeting 421
    A: close refused`,
  ],
  [
    'bare LF ends a reply line too',
    {},
    `
    S: 220 mx\\n\\c
    C: EHLO mail.example.com
    S: 250-mx\\n250 PIPELINING\\n\\c
    A: ready pipelining`,
  ],
  ['HTTP is no SMTP', {}, 'S: HTTP/1.1 400 Bad Request\nA: close protocol'],
  ['a code of 999 is no SMTP', {}, 'S: 999 what\nA: close protocol'],
  ['two codes in one reply are no SMTP', {}, 'S: 220-mx\nS: 250 mx\nA: close protocol'],
  [
    'a reply that nothing asked for',
    {},
    `${pipelined}
    S: 250 ok
    A: close protocol`,
  ],
  [
    'DATA answered with 250',
    {},
    `${group}
    S: 250 ok
    S: 250 ok
    S: 250 ok
    A: result data nothing
    A: close protocol`,
  ],
  [
    'RCPT answered with 354',
    {},
    `${group}
    S: 250 ok
    S: 354 ok
    A: result rcpt nothing
    A: close protocol`,
  ],
  [
    'RSET refused',
    {},
    `${group}
    S: 250 ok
    S: 550 no
    S: 503 no
    A: result rcpt 550
    E: start
    C: RSET
    C: MAIL FROM:<a@example.com> SIZE=3
    C: RCPT TO:<b@remote.example>
    C: DATA
    S: 502 what
    A: result rset nothing
    A: close protocol`,
  ],
  [
    '8-bit content is not sent to a host without 8BITMIME',
    { bodyType: '8bitmime', body: ['\xfc\r\n'] },
    `${plain}
    E: start
    A: result mail 554 (no-8bitmime)
    E: quit
    C: QUIT`,
  ],
  [
    'and is declared to one with it',
    { bodyType: '8bitmime', reversePath: '' },
    `${pipelined}
    E: start
    C: MAIL FROM:<> SIZE=3 BODY=8BITMIME
    C: RCPT TO:<b@remote.example>
    C: DATA`,
  ],
  [
    'a message over the host’s limit is not sent',
    { sizeBytes: 1001 },
    `${pipelined}
    E: start
    A: result mail 552 (too-large)`,
  ],
  [
    'a session given up in the middle',
    {},
    `${group}
    E: quit
    A: result mail nothing
    A: close quit
    S: 250 ok\\c`,
  ],
];

for (const [sentence, letter, text] of transcripts) {
  test(`client: ${sentence}`, () => {
    playEverySplit(text, letter);
  });
}

test('client: over 100 recipients go in groups, and DATA with the last', () => {
  const forwardPaths = Array.from({ length: 150 }, (_, i) => `r${i}@remote.example`);
  const driver = new ClientDriver({ forwardPaths });
  driver.receive('220 mx\r\n');
  driver.receive('250-mx\r\n250 PIPELINING\r\n');
  driver.notes.length = 0;
  driver.event('start');
  assert.equal(driver.notes.length, 100);
  driver.receive('250 ok\r\n'.repeat(99));
  assert.equal(driver.notes.length, 100);
  driver.receive('250 ok\r\n');
  assert.equal(driver.notes.length, 152);
  assert.equal(driver.notes.at(-1), 'C: DATA');
  driver.receive(`${'550 no\r\n'.repeat(51)}354 go on\r\n`);
  driver.receive('250 taken\r\n');
  const words = driver.notes.at(-1)?.split(', ') ?? [];
  assert.equal(words.filter(word => word.includes('dot 250')).length, 99);
  assert.equal(words.filter(word => word.includes('rcpt 550')).length, 51);
});

test('client: each reply is told with its stage, and each wait with its time', () => {
  const driver = new ClientDriver({});
  driver.receive('220 mx\r\n');
  driver.receive('250-mx\r\n250 PIPELINING\r\n');
  driver.event('start');
  driver.receive('250 ok\r\n');
  driver.receive('250 ok\r\n354 go on\r\n');
  driver.receive('250 2.0.0 taken\r\n');
  driver.event('quit');
  driver.receive('221 bye\r\n');
  const told = driver.all.flatMap(action => {
    if (action.kind === 'replied') return [`${action.stage} ${action.reply.code}`];
    return action.kind === 'await' ? [`${action.stage} ${action.timeoutMs}`] : [];
  });
  assert.deepEqual(told, [
    'greeting 220',
    'ehlo 300000',
    'ehlo 250',
    'idle null',
    'mail 300000',
    'mail 250',
    'rcpt 300000',
    'rcpt 250',
    'data 354',
    'body 180000',
    'dot 600000',
    'dot 250',
    'idle null',
    'quit 300000',
    'quit 221',
  ]);
});

const endless: [string, string][] = [
  ['a reply line without an end', `220 ${'x'.repeat(2_500)}`],
  ['a reply of endless lines', '220-mx\r\n'.repeat(101)],
  ['a reply of many bytes', `220-${'x'.repeat(1_900)}\r\n`.repeat(40)],
];
for (const [sentence, bytes] of endless) {
  test(`client: ${sentence} ends the session`, () => {
    const driver = new ClientDriver({});
    driver.receive(bytes);
    if (!bytes.endsWith('\n')) driver.receive('\r\n');
    assert.deepEqual(driver.notes, ['A: close protocol']);
    assert.equal(driver.session.state, 'closed');
  });
}
