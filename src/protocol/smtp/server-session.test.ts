import assert from 'node:assert/strict';
import test from 'node:test';
import {
  begun,
  bytesOf,
  Driver,
  everySplit,
  greeted,
  limits,
  offers,
  play,
  readTranscript,
} from '../../../test/server-transcript.ts';
import { reply } from './reply.ts';

const bareRefused = `
  D: a bare CR or LF in the message
  S: 550 5.6.0 The message has a CR or LF that is not part of a CRLF; send it with CRLF only.`;

/** Told the same however the bytes are cut, and whether answers come at once or late. */
const transcripts: [string, string][] = [
  [
    'a message of one recipient, command by command',
    `${greeted}
    C: MAIL FROM:<a@client.example> SIZE=20 BODY=8BITMIME
    S: 250 2.1.0 Sender taken.
    C: RCPT TO:<b@example.com>
    S: 250 2.1.5 Recipient taken.
    C: DATA
    S: 354 Go on.
    C: Subject: x
    C:
    C: ..dot
    C: .
    M: Subject: x\\r\\n\\r\\n.dot\\r\\n
    S: 250 2.0.0 Queued, 20 bytes.
    C: QUIT
    S: 221 2.0.0 Goodbye.
    X: quit`,
  ],
  [
    'a pipelined group is answered in the order of its commands',
    `${greeted}
    C: MAIL FROM:<>
    C: RCPT TO:<nobody@example.com>
    C: RCPT TO:<b@example.com>
    C: DATA
    S: 250 2.1.0 Sender taken.
    S: 550 5.1.1 No such mailbox.
    S: 250 2.1.5 Recipient taken.
    S: 354 Go on.
    C: .
    M:
    S: 250 2.0.0 Queued, 0 bytes.`,
  ],
  [
    'the end of a body and the next transaction may share a group',
    `${begun}
    C: x
    C: .
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<b@example.com>
    C: DATA
    M: x\\r\\n
    S: 250 2.0.0 Queued, 3 bytes.
    S: 250 2.1.0 Sender taken.
    S: 250 2.1.5 Recipient taken.
    S: 354 Go on.
    C: y
    C: .
    C: QUIT
    M: y\\r\\n
    S: 250 2.0.0 Queued, 3 bytes.
    S: 221 2.0.0 Goodbye.
    X: quit`,
  ],
  [
    'HELO offers nothing and still takes mail',
    `
    S: 220 mx1.example.com ESMTP
    C: HELO client.example
    S: 250 mx1.example.com
    C: MAIL FROM:<a@client.example>
    S: 250 2.1.0 Sender taken.
    C: RCPT TO:<Postmaster>
    S: 250 2.1.5 Recipient taken.
    C: DATA
    S: 354 Go on.
    C: x
    C: .
    M: x\\r\\n
    S: 250 2.0.0 Queued, 3 bytes.`,
  ],
  [
    'RSET and EHLO give a transaction up',
    `${greeted}
    C: MAIL FROM:<a@client.example>
    C: RSET
    C: RCPT TO:<b@example.com>
    S: 250 2.1.0 Sender taken.
    S: 250 2.0.0 Reset.
    S: 503 5.5.1 Send MAIL first.
    C: MAIL FROM:<a@client.example>
    S: 250 2.1.0 Sender taken.
    C: HELO client.example
    S: 250 mx1.example.com
    C: RCPT TO:<b@example.com>
    S: 503 5.5.1 Send MAIL first.`,
  ],
  [
    'commands out of order are refused',
    `
    S: 220 mx1.example.com ESMTP
    C: MAIL FROM:<a@client.example>
    S: 503 5.5.1 Say EHLO first.
    C: EHLO client.example${offers}
    C: MAIL FROM:<a@client.example>
    C: MAIL FROM:<a@client.example>
    C: DATA
    S: 250 2.1.0 Sender taken.
    S: 503 5.5.1 A transaction is under way; send RSET to give it up.
    S: 554 5.5.1 No recipient was taken.`,
  ],
  [
    'a refused sender leaves the recipients without a transaction',
    `${greeted}
    C: MAIL FROM:<banned@client.example>
    C: RCPT TO:<b@example.com>
    C: DATA
    S: 550 5.7.1 Not you.
    S: 503 5.5.1 Send MAIL first.
    S: 503 5.5.1 Send MAIL first.`,
  ],
  [
    'a full disk is told at DATA, and the transaction is over',
    `${greeted}
    C: MAIL FROM:<full@client.example>
    C: RCPT TO:<b@example.com>
    C: DATA
    S: 250 2.1.0 Sender taken.
    S: 250 2.1.5 Recipient taken.
    S: 452 4.3.1 Disk full.
    C: MAIL FROM:<a@client.example>
    S: 250 2.1.0 Sender taken.`,
  ],
  [
    'more recipients than allowed are put off, and that is no error of the client',
    `${greeted}
    C: MAIL FROM:<a@client.example>
    C: RCPT TO:<b@example.com>
    C: RCPT TO:<c@example.com>
    C: RCPT TO:<d@example.com>
    C: RCPT TO:<e@example.com>
    C: RCPT TO:<f@example.com>
    C: RCPT TO:<g@example.com>
    C: RCPT TO:<h@example.com>
    C: RSET
    S: 250 2.1.0 Sender taken.
    S: 250 2.1.5 Recipient taken.
    S: 250 2.1.5 Recipient taken.
    S: 452 4.5.3 Too many recipients; send the rest in another transaction.
    S: 452 4.5.3 Too many recipients; send the rest in another transaction.
    S: 452 4.5.3 Too many recipients; send the rest in another transaction.
    S: 452 4.5.3 Too many recipients; send the rest in another transaction.
    S: 452 4.5.3 Too many recipients; send the rest in another transaction.
    S: 250 2.0.0 Reset.`,
  ],
  [
    'a declared size over the limit is refused at MAIL',
    `${greeted}
    C: MAIL FROM:<a@client.example> SIZE=101
    S: 552 5.3.4 The message is over 100 bytes.
    C: MAIL FROM:<a@client.example> SIZE=99999999999999999999
    S: 552 5.3.4 The message is over 100 bytes.
    C: MAIL FROM:<a@client.example> SIZE=100
    S: 250 2.1.0 Sender taken.`,
  ],
  [
    'a message over the limit is read to its end, refused, and the session goes on',
    `${begun}
    C: ${'x'.repeat(60)}
    C: ${'y'.repeat(60)}
    C: still the same message
    C: .
    D: the message is too large
    S: 552 5.3.4 The message is over 100 bytes.
    C: MAIL FROM:<a@client.example>
    S: 250 2.1.0 Sender taken.`,
  ],
  [
    'stuffed dots do not count',
    `${begun}
    C: .${'.'.repeat(98)}
    C: .
    M: ${'.'.repeat(98)}\\r\\n
    S: 250 2.0.0 Queued, 100 bytes.`,
  ],
  [
    'VRFY, HELP, NOOP and EXPN have their answers',
    `${greeted}
    C: VRFY b
    S: 252 2.0.0 Addresses are not verified here; send the message.
    C: HELP
    S: 214 2.0.0 See RFC 5321.
    C: NOOP whatever
    S: 250 2.0.0 Done.
    C: EXPN list
    S: 502 5.5.1 Lists are not expanded here.`,
  ],
  [
    'a flood of commands that bring no message ends the session, however right they are',
    `${greeted}
${'    C: RSET\n'.repeat(12)}${'    S: 250 2.0.0 Reset.\n'.repeat(11)}    S: 421 4.7.0 Too many commands for no message; goodbye.
    X: too many commands for no message`,
  ],
  [
    'too many errors end the session',
    `${greeted}
    C: FOO
    C: ETRN example.com
    C: RCPT TO:<b@example.com>
    C: BAR
    C: MAIL FROM:<a@client.example>
    S: 500 5.5.2 This command is not known.
    S: 502 5.5.1 This command is not offered here.
    S: 503 5.5.1 Send MAIL first.
    S: 421 4.7.0 Too many errors; goodbye.
    X: too many errors`,
  ],
  [
    'a bare LF does not end a command',
    `${greeted}
    C: MAIL FROM:<a@client.example>\\nRCPT TO:<b@example.com>
    S: 500 5.5.2 A line ends with CRLF; a CR or LF by itself is refused.
    C: NOOP\\rNOOP
    S: 500 5.5.2 A line ends with CRLF; a CR or LF by itself is refused.
    C: \\nNOOP
    S: 500 5.5.2 A line ends with CRLF; a CR or LF by itself is refused.`,
  ],
  [
    'NUL and TAB have no place in a command',
    `${greeted}
    C: MAIL FROM:<a\\0@client.example>
    S: 500 5.5.2 Control characters are refused.
    C: NOOP\\tx
    S: 500 5.5.2 Control characters are refused.`,
  ],
  [
    'an over-long line is refused once, and the next is read',
    `${greeted}
    C: NOOP ${'x'.repeat(300)}
    S: 500 5.5.2 The line is too long.
    C: NOOP ${'x'.repeat(113)}
    S: 250 2.0.0 Done.`,
  ],
  [
    'NUL passes in a body as it came',
    `${begun}
    C: a\\0b
    C: .\\0
    C: .
    M: a\\0b\\r\\n\\0\\r\\n
    S: 250 2.0.0 Queued, 8 bytes.`,
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

/**
 * SMTP smuggling: what follows DATA, and what must be left of it where bare newlines are cleaned. Refused, they are
 * all one answer. The last line of each is the true end.
 */
const smuggling: [string, string][] = [
  ['\\n.\\n', 'a\\r\\n.\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\n.\\r\\n', 'a\\r\\n.\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\n.\\r', 'a\\r\\n.\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\r.\\r', 'a\\r\\n.\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\r.\\n', 'a\\r\\n.\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\r.\\r\\n', 'a\\r\\n.\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\r\\n.\\r', 'a\\r\\n\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\r\\n.\\n', 'a\\r\\n\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\r\\n.\\r\\r\\n', 'a\\r\\n\\r\\n\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\r\\r\\n.\\r\\r\\n', 'a\\r\\n\\r\\n\\r\\n\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\n\\n.\\n\\n', 'a\\r\\n\\r\\n.\\r\\n\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\r\\0\\n.\\r\\n', 'a\\r\\n\\0\\r\\n.\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\n..\\r\\n', 'a\\r\\n..\\r\\nMAIL FROM:<x@y>\\r\\n'],
  ['\\r\\n.\\n.\\r\\n', 'a\\r\\n\\r\\n.\\r\\nMAIL FROM:<x@y>\\r\\n'],
];

for (const [hidden, cleaned] of smuggling) {
  const body = `C: a${hidden}MAIL FROM:<x@y>\n    C: .`;
  const size = bytesOf(cleaned).length;
  const either: ['refuse' | 'clean', string][] = [
    ['refuse', `${begun}\n    ${body}${bareRefused}`],
    ['clean', `${begun}\n    ${body}\n    M: ${cleaned}\n    S: 250 2.0.0 Queued, ${size} bytes.`],
  ];
  for (const [bareNewline, text] of either) {
    test(`server: ${hidden} ends no message (${bareNewline})`, () => {
      const turns = readTranscript(`${text}\n    C: NOOP\n    S: 250 2.0.0 Done.`);
      for (const pieces of everySplit(turns[3]?.client ?? ''))
        play(turns, (client, i) => (i === 3 ? pieces : [client]), new Driver(false, bareNewline));
    });
  }
}

for (const [sentence, first, cleaned] of [
  ['LF', '\\n', '\\r\\nx\\r\\n'],
  ['a dot and LF', '.\\n', '\\r\\nx\\r\\n'],
  ['CR', '\\r', '\\r\\nx\\r\\n'],
  ['a dot, CR and CRLF', '.\\r\\r\\n', '\\r\\n\\r\\nx\\r\\n'],
] as const) {
  test(`server: ${sentence} as the first of a body ends no message`, () => {
    const size = bytesOf(cleaned).length;
    const text = `${begun}\nC: ${first}x\nC: .\nM: ${cleaned}\nS: 250 2.0.0 Queued, ${size} bytes.`;
    const turns = readTranscript(text);
    for (const pieces of everySplit(turns[3]?.client ?? ''))
      play(turns, (client, i) => (i === 3 ? pieces : [client]), new Driver(false, 'clean'));
  });
}

const breach = [
  'S: 503 5.5.0 You sent more before the reply that you must wait for.',
  'X: the client pipelined where it must wait',
];

const breaches: [string, string, string, readonly string[]][] = [
  ['a command after EHLO', '', 'EHLO client.example\r\nMAIL FROM:<a@b.example>\r\n', []],
  ['a command after HELO', '', 'HELO client.example\r\nMAIL FROM:<a@b.example>\r\n', []],
  ['half a command after EHLO', '', 'EHLO client.example\r\nM', []],
  ['commands before EHLO', '', 'RSET\r\nEHLO client.example\r\n', []],
  [
    'a pipelined group after HELO',
    'HELO client.example\r\n',
    'MAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\n',
    [],
  ],
  ['a command after NOOP', 'EHLO client.example\r\n', 'NOOP\r\nRSET\r\n', []],
  ['a command after VRFY', 'EHLO client.example\r\n', 'VRFY b\r\nRSET\r\n', []],
  [
    'the body right after DATA',
    'EHLO client.example\r\n',
    'MAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nx\r\n.\r\n',
    ['S: 250 2.1.0 Sender taken.', 'S: 250 2.1.5 Recipient taken.'],
  ],
];

for (const [sentence, before, bytes, notes] of breaches) {
  test(`server: ${sentence} is a breach and ends the session`, () => {
    const driver = new Driver();
    driver.step({ kind: 'opened', at: 0 });
    if (before !== '') driver.send(before);
    driver.notes.length = 0;
    driver.send(bytes);
    assert.deepEqual(driver.notes, [...notes, ...breach]);
    assert.deepEqual(driver.session.step({ kind: 'bytes', chunk: Buffer.from('NOOP\r\n'), at: 0 }), []);
  });
}

test('server: the body is a breach too while the answer to DATA is awaited', () => {
  const driver = new Driver(true);
  driver.step({ kind: 'opened', at: 0 });
  driver.send('EHLO client.example\r\n');
  driver.send('MAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n');
  for (const question of ['mail', 'recipient']) {
    assert.equal(driver.questions.at(-1)?.kind, question);
    driver.notes.length = 0;
    driver.step({
      kind: 'answer',
      ask: driver.questions.length,
      reply: reply(250, null, 'Yes.'),
      at: 0,
    });
  }
  assert.equal(driver.questions.at(-1)?.kind, 'data');
  driver.notes.length = 0;
  driver.send('x');
  assert.deepEqual(driver.notes, ['D: the client pipelined where it must wait', ...breach]);
  assert.deepEqual(
    driver.session.step({
      kind: 'answer',
      ask: driver.questions.length,
      reply: reply(354, null, 'Go.'),
      at: 0,
    }),
    [],
  );
});

test('server: what follows QUIT is not read', () => {
  const driver = new Driver();
  driver.step({ kind: 'opened', at: 0 });
  driver.notes.length = 0;
  driver.send('QUIT\r\nMAIL FROM:<a@b.example>\r\n');
  assert.deepEqual(driver.notes, ['S: 221 2.0.0 Goodbye.', 'X: quit']);
});

test('server: whoever speaks before the greeting gets none', () => {
  const driver = new Driver();
  driver.send('E');
  driver.step({ kind: 'opened', at: 200 });
  assert.deepEqual(driver.notes, [
    'S: 554 5.5.1 You spoke before the greeting.',
    'X: the client spoke before the greeting',
  ]);
});

test('server: a question tells all that is known', () => {
  const driver = new Driver();
  driver.step({ kind: 'opened', at: 0 });
  driver.send('ehlo client.example\r\n');
  driver.send(
    'mail from: <"a b"@x.example> size=9 body=8bitmime ret=hdrs\r\nrcpt to:<@r.example:b@EXAMPLE.com> notify=failure\r\ndata\r\n',
  );
  driver.send('x\r\n.\r\n');
  const command = {
    verb: 'MAIL',
    reversePath: '"a b"@x.example',
    bodyType: '8bitmime',
    declaredSizeBytes: 9,
    smtpUtf8: false,
    dsn: { ret: 'hdrs', envid: null },
  } as const;
  assert.deepEqual(driver.questions, [
    { kind: 'mail', command },
    {
      kind: 'recipient',
      reversePath: '"a b"@x.example',
      forwardPath: 'b@EXAMPLE.com',
      dsn: { notify: ['failure'], orcpt: null },
      taken: 0,
    },
    {
      kind: 'data',
      envelope: {
        ...command,
        forwardPaths: ['b@EXAMPLE.com'],
        recipientDsn: [{ notify: ['failure'], orcpt: null }],
      },
      ehlo: 'client.example',
      protocol: 'ESMTP',
      chunk: null,
    },
    { kind: 'message', sizeBytes: 3 },
  ]);
});

test('server: recipients far beyond the limit end the session', () => {
  const driver = new Driver();
  driver.step({ kind: 'opened', at: 0 });
  driver.send('EHLO client.example\r\n');
  driver.send('MAIL FROM:<a@b.example>\r\n');
  driver.send('RCPT TO:<c@example.com>\r\n'.repeat(2 + 10 * limits.idleCommands));
  assert.match(driver.notes.at(-1) ?? '', /^S: 452 4\.5\.3 /);
  driver.send('RCPT TO:<c@example.com>\r\n');
  assert.equal(driver.notes.at(-1), 'X: too many commands for no message');
});

test('server: while a question is open much input makes the driver hold, and its answer lets it resume', () => {
  const driver = new Driver(true, 'refuse', { lineBytes: 200_000 });
  driver.step({ kind: 'opened', at: 0 });
  driver.send('EHLO client.example\r\n');
  driver.send('MAIL FROM:<a@b.example>\r\n');
  driver.notes.length = 0;
  driver.send(`RCPT TO:<b@example.com>\r\nNOOP`);
  driver.send('x'.repeat(70_000));
  driver.send('x'.repeat(70_000));
  assert.deepEqual(driver.notes, ['H: hold']);
  driver.answer();
  assert.deepEqual(driver.notes, [
    'H: hold',
    'S: 250 2.1.0 Sender taken.',
    'H: resume',
    'S: 250 2.1.5 Recipient taken.',
  ]);
});

test('server: time limits of commands, bodies and the session', () => {
  const driver = new Driver();
  assert.equal(driver.session.deadline, null);
  driver.step({ kind: 'opened', at: 0 });
  assert.equal(driver.session.deadline, 300_000);
  driver.now = 1_000;
  driver.send('NO');
  assert.equal(driver.session.deadline, 300_000, 'half a command buys no time');
  driver.send('OP\r\n');
  assert.equal(driver.session.deadline, 301_000);
  driver.now = 2_000;
  driver.send('EHLO client.example\r\n');
  driver.send('MAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n');
  assert.equal(driver.session.deadline, 182_000);
  driver.now = 3_500_000;
  driver.send('x');
  assert.equal(driver.session.deadline, 3_600_000);
  driver.notes.length = 0;
  driver.step({ kind: 'tick', at: 3_599_999 });
  assert.deepEqual(driver.notes, []);
  driver.step({ kind: 'tick', at: 3_600_000 });
  assert.deepEqual(driver.notes, [
    'D: the session lasted too long',
    'S: 421 4.4.2 The session lasted too long; call again.',
    'X: the session lasted too long',
  ]);
  assert.equal(driver.session.deadline, null);
});

test('server: a silent client is told so', () => {
  const driver = new Driver();
  driver.step({ kind: 'opened', at: 0 });
  driver.notes.length = 0;
  driver.step({ kind: 'tick', at: 300_000 });
  assert.deepEqual(driver.notes, ['S: 421 4.4.2 You were silent for too long.', 'X: the client was silent']);
});

test('server: while a question is open no time limit runs', () => {
  const driver = new Driver(true);
  driver.step({ kind: 'opened', at: 0 });
  driver.send('EHLO client.example\r\n');
  driver.send('MAIL FROM:<a@b.example>\r\n');
  assert.equal(driver.session.deadline, null);
});

const farewell = ['S: 421 4.3.2 This server is being stopped; call again later.', 'X: shutdown'];

test('server: a shutdown waits for the transaction under way, and for nothing else', () => {
  const idle = new Driver();
  idle.step({ kind: 'opened', at: 0 });
  idle.notes.length = 0;
  idle.step({ kind: 'shutdown', at: 0 });
  assert.deepEqual(idle.notes, farewell);

  const busy = new Driver();
  busy.step({ kind: 'opened', at: 0 });
  busy.send('EHLO client.example\r\n');
  busy.send('MAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n');
  busy.notes.length = 0;
  busy.step({ kind: 'shutdown', at: 0 });
  assert.deepEqual(busy.notes, []);
  busy.send('x\r\n.\r\nMAIL FROM:<a@b.example>\r\n');
  assert.deepEqual(busy.notes, ['M: x\\r\\n', 'S: 250 2.0.0 Queued, 3 bytes.', ...farewell]);
});

test('server: who is displaced hears it, in a transaction too, and not while it waits for us', () => {
  const words = [
    'S: 421 4.3.2 The server is full, and you were quiet; call again.',
    'X: the server was full and the client quiet',
  ];
  const driver = new Driver();
  driver.step({ kind: 'opened', at: 0 });
  driver.send('EHLO client.example\r\n');
  driver.send('MAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n');
  driver.send('x');
  driver.notes.length = 0;
  driver.step({ kind: 'displaced' });
  assert.deepEqual(driver.notes, ['D: the server was full and the client quiet', ...words]);

  const waiting = new Driver(true);
  waiting.step({ kind: 'opened', at: 0 });
  waiting.send('EHLO client.example\r\nMAIL FROM:<a@b.example>\r\n');
  waiting.notes.length = 0;
  waiting.step({ kind: 'displaced' });
  assert.deepEqual(waiting.notes, []);
});

test('server: the count of errors begins anew when a message was taken', () => {
  const driver = new Driver();
  driver.step({ kind: 'opened', at: 0 });
  driver.send('EHLO client.example\r\n');
  for (let i = 0; i < 5; i++) {
    driver.notes.length = 0;
    driver.send('FOO\r\nFOO\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n');
    driver.send('.\r\n');
    assert.equal(driver.notes.at(-1), 'S: 250 2.0.0 Queued, 0 bytes.');
  }
});
