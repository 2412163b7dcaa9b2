import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  Driver,
  everySplit,
  greeted,
  offers,
  play,
  readTranscript,
} from '../../../test/server-transcript.ts';

const addressed = `${greeted}
  C: MAIL FROM:<a@client.example>
  C: RCPT TO:<b@example.com>
  S: 250 2.1.0 Sender taken.
  S: 250 2.1.5 Recipient taken.`;

const tooLarge = 'S: 552 5.3.4 The message is over 100 bytes.';
const bare = 'S: 550 5.6.0 The message has a CR or LF that is not part of a CRLF; send it with CRLF only.';
const underWay = 'S: 503 5.5.1 The message is under way; go on with BDAT, or send RSET.';

/** Told the same however the bytes are cut, and whether answers come at once or late. */
const transcripts: [string, string][] = [
  [
    'a message in one chunk',
    `${addressed}
    C: BDAT 8 LAST
    C: .x\\r\\n..\\r\\n\\c
    M: .x\\r\\n..\\r\\n
    S: 250 2.0.0 Queued, 8 bytes.
    C: QUIT
    S: 221 2.0.0 Goodbye.
    X: quit`,
  ],
  [
    'a group of envelope, chunks and the next command',
    `${greeted}
    C: MAIL FROM:<>
    C: RCPT TO:<b@example.com>
    C: BDAT 4
    C: one\\r\\c
    C: BDAT 5
    C: \\n.\\r\\n.\\c
    C: BDAT 2 LAST
    C: \\r\\n\\c
    C: MAIL FROM:<a@client.example>
    S: 250 2.1.0 Sender taken.
    S: 250 2.1.5 Recipient taken.
    S: 250 2.0.0 Chunk taken.
    S: 250 2.0.0 Chunk taken.
    M: one\\r\\n.\\r\\n.\\r\\n
    S: 250 2.0.0 Queued, 11 bytes.
    S: 250 2.1.0 Sender taken.`,
  ],
  [
    'a last chunk of nothing ends the message, and its last line gets its end',
    `${addressed}
    C: BDAT 3
    C: one\\c
    S: 250 2.0.0 Chunk taken.
    C: BDAT 0 LAST
    M: one\\r\\n
    S: 250 2.0.0 Queued, 5 bytes.`,
  ],
  [
    'commands in a chunk are octets',
    `${addressed}
    C: BDAT 16 LAST
    C: QUIT\\r\\nRSET\\r\\n.\\r\\n\\0\\c
    C: NOOP
    M: QUIT\\r\\nRSET\\r\\n.\\r\\n\\0\\r\\n
    S: 250 2.0.0 Queued, 18 bytes.
    S: 250 2.0.0 Done.`,
  ],
  [
    'a chunk over the limit is refused before it is read, and its octets are no commands',
    `${addressed}
    C: BDAT 101
    C: QUIT\\r\\n${'x'.repeat(95)}\\c
    C: BDAT 6 LAST
    C: QUIT\\r\\n\\c
    D: the message is too large
    ${tooLarge}
    ${tooLarge}
    C: BDAT 1 LAST
    C: x\\c
    S: 503 5.5.1 Send MAIL first.
    C: MAIL FROM:<a@client.example>
    S: 250 2.1.0 Sender taken.`,
  ],
  [
    'chunks over the limit together are refused',
    `${addressed}
    C: BDAT 60
    C: ${'x'.repeat(60)}\\c
    S: 250 2.0.0 Chunk taken.
    C: BDAT 41 LAST
    C: ${'y'.repeat(41)}\\c
    D: the message is too large
    ${tooLarge}
    C: NOOP
    S: 250 2.0.0 Done.`,
  ],
  [
    'a bare LF between two chunks refuses the message, its later chunks too',
    `${addressed}
    C: BDAT 3
    C: a\\r\\n\\c
    S: 250 2.0.0 Chunk taken.
    C: BDAT 2
    C: \\nb\\c
    C: BDAT 3 LAST
    C: c\\r\\n\\c
    D: a bare CR or LF in the message
    ${bare}
    ${bare}`,
  ],
  [
    'a bare CR at the end of the message refuses it',
    `${addressed}
    C: BDAT 2 LAST
    C: a\\r\\c
    D: a bare CR or LF in the message
    ${bare}`,
  ],
  [
    'BDAT without recipients, and without a transaction',
    `${greeted}
    C: BDAT 6
    C: QUIT\\r\\n\\c
    S: 503 5.5.1 Send MAIL first.
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<nobody@example.com>
    C: BDAT 6 LAST
    C: QUIT\\r\\n\\c
    S: 250 2.1.0 Sender taken.
    S: 550 5.1.1 No such mailbox.
    S: 554 5.5.1 No recipient was taken.
    C: MAIL FROM:<a@client.example>
    S: 250 2.1.0 Sender taken.`,
  ],
  [
    'a full disk is told after the octets of the first chunk',
    `${greeted}
    C: MAIL FROM:<full@client.example>
    C: RCPT TO:<b@example.com>
    C: BDAT 3
    C: a\\r\\n\\c
    C: BDAT 3 LAST
    C: a\\r\\n\\c
    S: 250 2.1.0 Sender taken.
    S: 250 2.1.5 Recipient taken.
    S: 452 4.3.1 Disk full.
    S: 452 4.3.1 Disk full.
    C: MAIL FROM:<a@client.example>
    S: 250 2.1.0 Sender taken.`,
  ],
  [
    'between chunks nothing but chunks goes on, and RSET gives the message up',
    `${addressed}
    C: BDAT 3
    C: a\\r\\n\\c
    S: 250 2.0.0 Chunk taken.
    C: RCPT TO:<b@example.com>
    ${underWay}
    C: DATA
    ${underWay}
    C: NOOP
    S: 250 2.0.0 Done.
    C: RSET
    D: the client gave the message up
    S: 250 2.0.0 Reset.
    C: BDAT 3 LAST
    C: b\\r\\n\\c
    S: 503 5.5.1 Send MAIL first.`,
  ],
  [
    'EHLO and QUIT give up what chunks have come',
    `${addressed}
    C: BDAT 3
    C: a\\r\\n\\c
    S: 250 2.0.0 Chunk taken.
    C: HELO client.example
    D: the client gave the message up
    S: 250 mx1.example.com`,
  ],
  [
    'a second MAIL between chunks is refused, and the message goes on',
    `${addressed}
    C: BDAT 3
    C: a\\r\\n\\c
    C: MAIL FROM:<c@client.example>
    C: BDAT 0 LAST
    S: 250 2.0.0 Chunk taken.
    S: 503 5.5.1 A transaction is under way; send RSET to give it up.
    M: a\\r\\n
    S: 250 2.0.0 Queued, 3 bytes.`,
  ],
  [
    'a BDAT that is odd is refused after its octets',
    `${addressed}
    C: BDAT 6 FIRST
    C: QUIT\\r\\n\\c
    S: 501 5.5.4 After the number of octets only LAST is known here.
    C: MAIL FROM:<a@client.example>
    S: 250 2.1.0 Sender taken.`,
  ],
  [
    'a BDAT that does not tell its octets ends the session',
    `${addressed}
    C: BDAT x
    S: 501 5.5.4 Write BDAT, the number of octets, and LAST with the last of them.
    X: a BDAT that does not tell its octets`,
  ],
  [
    'a client of HELO has no BDAT',
    `
    S: 220 mx1.example.com ESMTP
    C: HELO client.example
    S: 250 mx1.example.com
    C: MAIL FROM:<a@client.example>
    S: 250 2.1.0 Sender taken.
    C: RSET
    S: 250 2.0.0 Reset.`,
  ],
  [
    'an address that is not ASCII needs the parameter SMTPUTF8',
    `${greeted}
    C: MAIL FROM:<\xc3\xbc@client.example>
    S: 553 5.6.7 An address that is not ASCII is taken only with the parameter SMTPUTF8 of MAIL.
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<\xc3\xbc@example.com>
    S: 250 2.1.0 Sender taken.
    S: 553 5.6.7 An address that is not ASCII is taken only with the parameter SMTPUTF8 of MAIL.
    C: RSET
    S: 250 2.0.0 Reset.
    C: MAIL FROM:<\xc3\xbc@client.example> SMTPUTF8
    C: RCPT TO:<\xc3\xbc@example.com>
    C: RCPT TO:<b@example.com>
    S: 250 2.1.0 Sender taken.
    S: 250 2.1.5 Recipient taken.
    S: 250 2.1.5 Recipient taken.`,
  ],
  [
    'after STARTTLS all begins anew, and it is not offered again',
    `${greeted}
    C: MAIL FROM:<a@client.example>
    S: 250 2.1.0 Sender taken.
    C: STARTTLS
    S: 220 2.0.0 Begin the handshake.
    T: handshake
    C: MAIL FROM:<a@client.example>
    S: 503 5.5.1 Say EHLO first.
    C: EHLO client.example
    ${offers.trim().replace('S: 250-ENHANCEDSTATUSCODES\n  S: 250 STARTTLS', 'S: 250 ENHANCEDSTATUSCODES')}
    C: RCPT TO:<b@example.com>
    S: 503 5.5.1 Send MAIL first.
    C: STARTTLS
    S: 503 5.5.1 TLS is on.`,
  ],
  [
    'STARTTLS gives up what chunks have come',
    `${addressed}
    C: BDAT 3
    C: a\\r\\n\\c
    S: 250 2.0.0 Chunk taken.
    C: STARTTLS
    S: 220 2.0.0 Begin the handshake.
    T: handshake
    D: the client began TLS
    C: QUIT
    S: 221 2.0.0 Goodbye.
    X: quit`,
  ],
  [
    'STARTTLS needs an EHLO',
    `
    S: 220 mx1.example.com ESMTP
    C: STARTTLS
    S: 503 5.5.1 Say EHLO first.
    C: HELO client.example
    S: 250 mx1.example.com
    C: STARTTLS
    S: 503 5.5.1 Say EHLO first.`,
  ],
];

for (const [sentence, text] of transcripts) {
  test(`server: ${sentence}`, () => {
    const turns = readTranscript(text);
    play(turns, client => [client], new Driver());
    for (const late of [false, true]) {
      turns.forEach((turn, index) => {
        for (const pieces of everySplit(turn.client))
          play(turns, (client, i) => (i === index ? pieces : [client]), new Driver(late));
      });
    }
  });
}

const breach = 'X: the client pipelined where it must wait';

/** What stands in one read with STARTTLS was put there by whoever sits between: CVE-2011-0411 and its kin. */
const injections: [string, string][] = [
  ['a command', 'STARTTLS\r\nMAIL FROM:<mallory@client.example>\r\n'],
  ['a begun command', 'STARTTLS\r\nM'],
  ['a whole message', 'STARTTLS\r\nEHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n'],
  ['the handshake itself', 'STARTTLS\r\n\x16\x03\x01'],
];
for (const [sentence, bytes] of injections) {
  test(`server: ${sentence} after STARTTLS in one read ends the session, and TLS does not begin`, () => {
    const driver = new Driver();
    driver.step({ kind: 'opened', at: 0 });
    driver.send('EHLO client.example\r\n');
    driver.notes.length = 0;
    driver.send(bytes);
    assert.deepEqual(driver.notes, [
      'S: 503 5.5.0 You sent more before the reply that you must wait for.',
      breach,
    ]);
  });
}

test('server: what comes in clear while the handshake is awaited ends the session', () => {
  const driver = new Driver(true);
  driver.step({ kind: 'opened', at: 0 });
  driver.send('EHLO client.example\r\n');
  driver.send('STARTTLS\r\n');
  assert.equal(driver.notes.at(-1), 'T: handshake');
  assert.equal(driver.session.deadline, null);
  driver.send('MAIL FROM:<mallory@client.example>\r\n');
  assert.equal(driver.notes.at(-1), breach);
  driver.answer();
  assert.equal(driver.notes.at(-1), breach);
});

test('server: STARTTLS behind a message whose reply is awaited is taken only when it stands alone', () => {
  const before = 'MAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\nBDAT 3 LAST\r\na\r\n';
  for (const [injected, last] of [
    ['', 'T: handshake'],
    ['NOOP\r\n', breach],
  ] as const) {
    const driver = new Driver(true);
    driver.step({ kind: 'opened', at: 0 });
    driver.send('EHLO client.example\r\n');
    driver.send(`${before}STARTTLS\r\n${injected}`);
    for (let turn = 0; turn < 5 && driver.notes.at(-1) !== last; turn += 1) driver.answer();
    assert.equal(driver.notes.filter(note => note.startsWith('T:')).length, injected === '' ? 1 : 0);
    assert.ok(driver.notes.includes(last));
  }
});

test('server: TLS without STARTTLS is told from commands at its first byte', () => {
  const driver = new Driver();
  driver.step({ kind: 'opened', at: 0 });
  driver.notes.length = 0;
  driver.send('\x16\x03\x01\x02\x00\x01');
  assert.deepEqual(driver.notes, [
    'S: 500 5.5.2 TLS begins with STARTTLS here.',
    'X: the client spoke TLS without STARTTLS',
  ]);
});

test('server: empty chunks without end end the session', () => {
  const driver = new Driver();
  driver.step({ kind: 'opened', at: 0 });
  driver.send('EHLO client.example\r\n');
  driver.send('MAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\n');
  driver.send('BDAT 0\r\n'.repeat(12));
  assert.equal(driver.notes.at(-1), 'X: too many commands for no message');
});

const piece = fc.constantFrom('.', '\r\n', 'text', '\0', '.\r\n', 'QUIT\r\n', '\xff');
const message = fc.array(piece, { maxLength: 12 }).map(parts => `x${parts.join('')}\r\n`.slice(0, 98));

test('server: a message in any chunks, however the wire cuts them, is the message in one', () => {
  fc.assert(
    fc.property(
      message.filter(text => text.endsWith('\r\n')),
      fc.array(fc.nat(60), { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
      (text, cuts, sizes) => {
        const places = [...cuts.filter(cut => cut < text.length).toSorted((a, b) => a - b), text.length];
        const chunks = places.map((end, i) => {
          const octets = text.slice(places[i - 1] ?? 0, end);
          return `BDAT ${octets.length}${i === places.length - 1 ? ' LAST' : ''}\r\n${octets}`;
        });
        const wire = `MAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\n${chunks.join('')}QUIT\r\n`;
        const told = (pieces: readonly string[]): readonly string[] => {
          const driver = new Driver();
          driver.step({ kind: 'opened', at: 0 });
          driver.send('EHLO client.example\r\n');
          for (const bytes of pieces) driver.send(bytes);
          return driver.notes.filter(note => note !== 'S: 250 2.0.0 Chunk taken.');
        };
        const cutUp: string[] = [];
        for (let at = 0, i = 0; at < wire.length; i += 1) {
          const size = sizes[i % sizes.length] ?? 1;
          cutUp.push(wire.slice(at, at + size));
          at += size;
        }
        const whole = `MAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\nBDAT ${text.length} LAST\r\n${text}QUIT\r\n`;
        assert.deepEqual(told(cutUp), told([whole]));
        assert.equal(told(cutUp).at(-1), 'X: quit');
      },
    ),
    { numRuns: 500 },
  );
});
