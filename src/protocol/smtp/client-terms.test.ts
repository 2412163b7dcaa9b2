import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ClientDriver, type Letter, playEverySplit } from '../../../test/client-transcript.ts';
import type { ClientTerms } from './client-session-types.ts';

const may: Partial<ClientTerms> = { tls: 'may' };
const verify: Partial<ClientTerms> = { tls: 'verify' };
const login: Partial<ClientTerms> = { tls: 'verify', login: { user: 'u', password: 'swordfish' } };

const greeted = `
  S: 220 mx.remote.example ESMTP
  C: EHLO mail.example.com`;

/** Greeted, with one extension. */
const offering = (...extensions: string[]): string =>
  [
    greeted,
    'S: 250-mx.remote.example',
    ...extensions.slice(0, -1).map(each => `S: 250-${each}`),
    `S: 250 ${extensions.at(-1)}`,
  ].join('\n');

const secured = `${offering('PIPELINING', 'STARTTLS')}
  C: STARTTLS
  S: 220 2.0.0 go ahead
  A: startTls
  E: secured
  C: EHLO mail.example.com`;

const asPlain = Buffer.from('\0u\0swordfish').toString('base64');
const international: Letter = { forwardPaths: ['θ@remote.example', 'b@remote.example'], smtpUtf8: true };
const chunked = `${offering('PIPELINING', 'CHUNKING')}
  A: ready pipelining
  E: start
  C: MAIL FROM:<a@example.com>
  C: RCPT TO:<b@remote.example>
  S: 250 ok
  S: 250 ok`;

const client = { address: '192.0.2.7', helo: 'relay.example.net' };
const told = 'C: XCLIENT ADDR=192.0.2.7 PROTO=ESMTP HELO=relay.example.net';
const storeOffers = 'S: 250-store.example.com\nS: 250 XCLIENT ADDR PROTO HELO PORT';
const store = `
  S: 220 store.example.com
  C: EHLO mail.example.com
  ${storeOffers}
  A: ready`;
/** After XCLIENT we speak as the client that was told of, or as ourselves of mail that is our own. */
const againAs = (name: string): string => `
  S: 220 store.example.com
  C: EHLO ${name}
  ${storeOffers}
  C: MAIL FROM:<a@example.com>`;
const again = againAs('relay.example.net');
const delivered = `${again}
  S: 250 ok
  C: RCPT TO:<b@remote.example>
  S: 250 ok
  C: DATA
  S: 354 go on
  C: x
  C: .
  A: dotSent
  S: 250 taken
  A: result dot 250; dot sent`;

const transcripts: [string, Partial<ClientTerms>, Letter, string][] = [
  [
    'STARTTLS is used where offered, and what was offered before it is forgotten',
    may,
    {},
    `${secured}
    S: 250-mx.remote.example
    S: 250 8BITMIME
    A: ready 8bit`,
  ],
  [
    'STARTTLS that is offered again under TLS is not asked for again',
    may,
    {},
    `${secured}
    S: 250-mx.remote.example
    S: 250 STARTTLS
    A: ready`,
  ],
  ['clear text is spoken where no TLS is wanted', {}, {}, `${offering('STARTTLS')}\nA: ready`],
  ['clear text is spoken where no TLS is offered', may, {}, `${offering('8BITMIME')}\nA: ready 8bit`],
  [
    'a refusal of STARTTLS ends the session',
    may,
    {},
    `${offering('STARTTLS')}
    C: STARTTLS
    S: 454 4.7.0 not now
    C: QUIT
    A: close tls`,
  ],
  [
    'no mail goes to a host without STARTTLS where TLS is a must',
    verify,
    {},
    `${offering('8BITMIME')}
    C: QUIT
    A: close tls`,
  ],
  [
    'nor to one that knows only HELO',
    verify,
    {},
    `${greeted}
    S: 500 what
    C: HELO mail.example.com
    S: 250 mx.remote.example
    C: QUIT
    A: close tls`,
  ],
  [
    'the login goes by PLAIN with the first word',
    login,
    {},
    `${secured}
    S: 250-mx.remote.example
    S: 250 AUTH CRAM-MD5 LOGIN PLAIN
    C: AUTH PLAIN ${asPlain}
    S: 235 2.7.0 welcome
    A: ready`,
  ],
  [
    'a server that passes over the first word is told again',
    login,
    {},
    `${secured}
    S: 250-mx.remote.example
    S: 250 AUTH PLAIN
    C: AUTH PLAIN ${asPlain}
    S: 334\\c
    S: \\r\\n\\c
    C: ${asPlain}
    S: 235 2.7.0 welcome
    A: ready`,
  ],
  [
    'the login goes by LOGIN where that is all there is',
    login,
    {},
    `${secured}
    S: 250-mx.remote.example
    S: 250 AUTH=LOGIN
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: ${Buffer.from('u').toString('base64')}
    S: 334 UGFzc3dvcmQ6
    C: ${Buffer.from('swordfish').toString('base64')}
    S: 235 2.7.0 welcome
    A: ready`,
  ],
  [
    'a login is refused',
    login,
    {},
    `${secured}
    S: 250-mx.remote.example
    S: 250 AUTH PLAIN
    C: AUTH PLAIN ${asPlain}
    S: 535 5.7.8 no
    C: QUIT
    A: close auth`,
  ],
  [
    'a server that asks and asks gets no second answer',
    login,
    {},
    `${secured}
    S: 250-mx.remote.example
    S: 250 AUTH PLAIN
    C: AUTH PLAIN ${asPlain}
    S: 334 again
    C: ${asPlain}
    S: 334 and again
    A: close protocol`,
  ],
  [
    'no login is tried where none is offered',
    login,
    {},
    `${secured}
    S: 250-mx.remote.example
    S: 250 AUTH CRAM-MD5
    C: QUIT
    A: close auth`,
  ],
  [
    'a password is not told where TLS may fail',
    { tls: 'may', login: { user: 'u', password: 'swordfish' } },
    {},
    `${secured}
    S: 250-mx.remote.example
    S: 250 AUTH PLAIN
    C: QUIT
    A: close auth`,
  ],
  [
    'a body in hand goes as one chunk, once a recipient is taken',
    {},
    { body: ['.x\r\n'] },
    `${chunked}
    C: BDAT 4 LAST
    C: .x
    A: dotSent
    S: 250 2.0.0 taken
    A: result dot 250; dot sent`,
  ],
  [
    'a body without its last line end gets one',
    {},
    { body: ['x'] },
    `${chunked}
    C: BDAT 3 LAST
    C: x
    A: dotSent
    S: 250 2.0.0 taken
    A: result dot 250; dot sent`,
  ],
  [
    'no chunk goes where nobody was taken',
    {},
    {},
    `${offering('PIPELINING', 'CHUNKING')}
    A: ready pipelining
    E: start
    C: MAIL FROM:<a@example.com>
    C: RCPT TO:<b@remote.example>
    S: 250 ok
    S: 550 5.1.1 nobody
    A: result rcpt 550
    E: start
    C: RSET
    C: MAIL FROM:<a@example.com>
    C: RCPT TO:<b@remote.example>`,
  ],
  [
    'chunks go without waiting, and the last of them is held',
    {},
    { body: ['aa\r\n', 'bb\r\n', `${'c'.repeat(2046)}\r\n`], holdDot: true },
    `${chunked}
    C: BDAT 4
    C: aa
    C: BDAT 4
    C: bb
    A: dotHeld
    S: 250 ok
    E: dotAllowed
    C: BDAT 2048 LAST
    C: ${'c'.repeat(2046)}
    A: dotSent
    S: 250 ok
    S: 250 2.0.0 taken
    A: result dot 250; dot sent`,
  ],
  [
    'of a large last chunk only its end is held',
    {},
    { body: ['a'.repeat(2050)], holdDot: true },
    `${chunked}
    C: BDAT 2
    C: aaA: dotHeld`.replace('aaA', 'aa\\c\nA'),
  ],
  [
    'without PIPELINING each chunk is answered before the next',
    {},
    { body: ['aa\r\n', 'bb\r\n', 'cc\r\n'], holdDot: true },
    `${offering('CHUNKING')}
    A: ready
    E: start
    C: MAIL FROM:<a@example.com>
    S: 250 ok
    C: RCPT TO:<b@remote.example>
    S: 250 ok
    C: BDAT 4
    C: aa
    S: 250 ok
    C: BDAT 4
    C: bb
    S: 250 ok
    A: dotHeld
    E: dotAllowed
    C: BDAT 4 LAST
    C: cc
    A: dotSent
    S: 250 taken
    A: result dot 250; dot sent`,
  ],
  [
    'without PIPELINING what is held waits for the answer to the chunk before it, too',
    {},
    { body: [`aa${'b'.repeat(2046)}\r\n`], holdDot: true },
    `${offering('CHUNKING')}
    A: ready
    E: start
    C: MAIL FROM:<a@example.com>
    S: 250 ok
    C: RCPT TO:<b@remote.example>
    S: 250 ok
    C: BDAT 2
    C: aa\\c
    A: dotHeld
    E: dotAllowed
    S: 250 ok
    C: BDAT 2048 LAST
    C: ${'b'.repeat(2046)}
    A: dotSent
    S: 250 taken
    A: result dot 250; dot sent`,
  ],
  [
    'a chunk that is refused ends the session',
    {},
    { body: ['aa\r\n', 'bb\r\n'], holdDot: true },
    `${chunked}
    C: BDAT 4
    C: aa
    A: dotHeld
    S: 552 5.3.4 too large
    A: result body 552
    A: close refused`,
  ],
  [
    'an international message goes as it is where SMTPUTF8 is offered',
    {},
    { ...international, bodyType: '8bitmime' },
    `${offering('8BITMIME', 'SMTPUTF8')}
    A: ready 8bit
    E: start
    C: MAIL FROM:<a@example.com> BODY=8BITMIME SMTPUTF8
    S: 250 ok
    C: RCPT TO:<Î¸@remote.example>`,
  ],
  [
    'elsewhere only the recipients whose address needs it fail',
    {},
    international,
    `${offering('8BITMIME')}
    A: ready 8bit
    E: start
    C: MAIL FROM:<a@example.com>
    S: 250 ok
    C: RCPT TO:<b@remote.example>
    S: 550 no
    A: result mail 553 (no-smtputf8), rcpt 550`,
  ],
  [
    'a domain alone goes by its A-labels',
    {},
    { reversePath: 'a@bücher.example', forwardPaths: ['b@bücher.example'] },
    `${offering('8BITMIME')}
    A: ready 8bit
    E: start
    C: MAIL FROM:<a@xn--bcher-kva.example>
    S: 250 ok
    C: RCPT TO:<b@xn--bcher-kva.example>`,
  ],
  [
    'a sender whose address needs it fails for all',
    {},
    { reversePath: 'ü@example.com' },
    `${offering('8BITMIME')}
    A: ready 8bit
    E: start
    A: result mail 553 (no-smtputf8)`,
  ],
  [
    'a message that only declared SMTPUTF8 and 8BITMIME goes without',
    {},
    { smtpUtf8: true, bodyType: '8bitmime', body: ['Subject: x\r\n\r\nx\r\n'] },
    `${offering('SIZE')}
    A: ready size
    E: start
    C: MAIL FROM:<a@example.com> SIZE=3`,
  ],
  [
    'a header that needs SMTPUTF8 does not',
    {},
    { smtpUtf8: true, body: ['Subject: \xfc\r\n\r\nx\r\n'] },
    `${offering('8BITMIME')}
    A: ready 8bit
    E: start
    A: result mail 554 (no-smtputf8)`,
  ],
  [
    'nor does a body with 8-bit bytes where 8BITMIME is missing',
    {},
    { bodyType: '8bitmime', body: ['Subject: x\r\n\r\n\xfc\r\n'] },
    `${offering('SIZE')}
    A: ready size
    E: start
    A: result mail 554 (no-8bitmime)`,
  ],
  [
    'what was asked of reports is passed on',
    {},
    {
      dsn: { ret: 'hdrs', envid: 'a+b' },
      forwardPaths: ['b@remote.example', 'c@remote.example', 'd@remote.example'],
      recipientDsn: [
        { notify: ['success', 'failure'], orcpt: 'rfc822;b+x@example.com' },
        { notify: [], orcpt: 'utf-8;θ=@example.com' },
        undefined,
      ],
    },
    `${offering('PIPELINING', 'DSN')}
    A: ready pipelining
    E: start
    C: MAIL FROM:<a@example.com> RET=HDRS ENVID=a+2Bb
    C: RCPT TO:<b@remote.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bx@example.com
    C: RCPT TO:<c@remote.example> NOTIFY=NEVER ORCPT=utf-8;\\x{3B8}\\x{3D}@example.com
    C: RCPT TO:<d@remote.example>
    C: DATA`,
  ],
  [
    'and is kept from a host that does not know DSN',
    {},
    { dsn: { ret: 'full', envid: 'x' }, recipientDsn: [{ notify: ['success'], orcpt: null }] },
    `${offering('PIPELINING')}
    A: ready pipelining
    E: start
    C: MAIL FROM:<a@example.com>
    C: RCPT TO:<b@remote.example>
    C: DATA`,
  ],
  [
    'a store is told of the client, and of the next one that is another',
    {},
    { client },
    `${store}
    E: start
    ${told}
    ${delivered}
    E: start
    C: MAIL FROM:<a@example.com>
    S: 250 ok
    C: RCPT TO:<b@remote.example>
    S: 550 no
    A: result rcpt 550
    E: start for ours
    C: RSET
    S: 250 reset
    C: XCLIENT ADDR=[UNAVAILABLE] PROTO=ESMTP HELO=[UNAVAILABLE]
    ${againAs('mail.example.com')}`,
  ],
  [
    'a client whose name is none is told by its address',
    {},
    { client: { address: '192.0.2.7', helo: 'my PC' } },
    `${store}
    E: start
    C: XCLIENT ADDR=192.0.2.7 PROTO=ESMTP HELO=my+20PC
    ${againAs('[192.0.2.7]')}`,
  ],
  [
    'so is one that said none, by IPv6',
    {},
    { client: { address: '2001:db8::7', helo: '' } },
    `${store}
    E: start
    C: XCLIENT ADDR=IPV6:2001:db8::7 PROTO=ESMTP HELO=[UNAVAILABLE]
    ${againAs('[IPv6:2001:db8::7]')}`,
  ],
  [
    'a store that offers XCLIENT no more hears nothing of others in that session',
    {},
    { client },
    `${store}
    E: start
    ${told}
    S: 220 store.example.com
    C: EHLO relay.example.net
    S: 250 store.example.com
    C: MAIL FROM:<a@example.com>
    S: 250 ok
    C: RCPT TO:<b@remote.example>
    S: 550 no
    A: result rcpt 550
    E: start for ours
    A: result xclient nothing
    C: QUIT
    A: close refused`,
  ],
  [
    'a store that refuses to be told so gets no mail, and none bounces',
    {},
    { client },
    `${store}
    E: start
    ${told}
    S: 550 5.7.0 insufficient authorization
    A: result xclient nothing
    A: close refused`,
  ],
  [
    'a store that refuses the client refuses the message',
    {},
    { client },
    `${store}
    E: start
    ${told}
    S: 554 5.7.1 blocked
    A: result mail 554
    A: close refused`,
  ],
  [
    'a session that breaks while the client is told has a word for each recipient',
    {},
    { client },
    `${store}
    E: start
    ${told}
    S: 220 store.example.com
    C: EHLO relay.example.net
    E: ended
    A: result ehlo nothing`,
  ],
  [
    'nobody is told where ADDR is not among what is offered',
    {},
    { client },
    `${offering('XCLIENT NAME')}
    A: ready
    E: start
    C: MAIL FROM:<a@example.com>`,
  ],
];

for (const [sentence, terms, letter, text] of transcripts)
  test(`client: ${sentence}`, () => playEverySplit(text, letter, terms));

for (const [what, bytes] of [
  ['a whole reply', '220 go ahead\r\n250 mx.remote.example\r\n'],
  ['half of one', '220 go ahead\r\n250 mx'],
  ['a single byte', '220 go ahead\r\n\r'],
] as const)
  test(`client: ${what} that came in clear with the answer to STARTTLS is never read`, () => {
    const driver = new ClientDriver({}, { tls: 'may' });
    driver.receive('220 mx\r\n');
    driver.receive('250-mx\r\n250 STARTTLS\r\n');
    driver.notes.length = 0;
    driver.receive(bytes);
    assert.deepEqual(driver.notes, ['A: close protocol']);
  });

test('client: a reply in clear while the handshake is awaited is a breach', () => {
  const driver = new ClientDriver({}, { tls: 'may' });
  driver.receive('220 mx\r\n');
  driver.receive('250-mx\r\n250 STARTTLS\r\n');
  driver.receive('220 go ahead\r\n');
  driver.receive('250 injected\r\n');
  assert.equal(driver.notes.at(-1), 'A: close protocol');
});

test('client: a server that shows the password in its refusal does not bring it into the log', () => {
  const driver = new ClientDriver({}, login);
  driver.receive('220 mx\r\n');
  driver.receive('250-mx\r\n250 STARTTLS\r\n');
  driver.receive('220 go ahead\r\n');
  driver.event('secured');
  driver.receive('250-mx\r\n250 AUTH PLAIN\r\n');
  driver.receive(`535 5.7.8 not swordfish, ${asPlain}\r\n`);
  const close = driver.all.find(action => action.kind === 'close');
  assert.equal(close?.text, 'The login was refused: 535 5.7.8 not …, …');
});

test('client: whether reports were passed on is told with the result', () => {
  const passed = (extension: string): unknown => {
    const driver = new ClientDriver({});
    driver.receive('220 mx\r\n');
    driver.receive(`250-mx\r\n250 ${extension}\r\n`);
    driver.event('start');
    driver.receive('550 no\r\n');
    const result = driver.all.find(action => action.kind === 'result');
    return result?.dsnPassed;
  };
  assert.deepEqual([passed('DSN'), passed('SIZE')], [true, false]);
});

const word = fc.constantFrom(
  '220 go ahead',
  '250-mx\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250-CHUNKING\r\n250-XCLIENT ADDR HELO\r\n250 PIPELINING',
  '250-mx\r\n250 SMTPUTF8',
  '250 ok',
  '334 ',
  '354 go on',
  '235 welcome',
  '421 away',
  '454 not now',
  '503 what',
  '550 no',
  'junk',
);
const happening = fc.oneof(
  { weight: 6, arbitrary: word.map(line => `${line}\r\n`) },
  fc.constantFrom('start', 'start for ours', 'secured', 'dotAllowed', 'quit', 'ended'),
);

test('client: whatever a host says and whenever, each message has one result, and no password leaves in clear', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('may', 'verify', 'none'),
      fc.boolean(),
      fc.array(happening, { maxLength: 40 }),
      (tls, holdDot, happenings) => {
        const driver = new ClientDriver({ client, holdDot, body: ['a\r\n', 'b\r\n'] }, { ...login, tls });
        let started = 0;
        let secured = false;
        for (const each of happenings) {
          const { state } = driver.session;
          if (each.endsWith('\r\n')) driver.receive(each);
          else driver.event(each);
          if (each.startsWith('start') && state === 'idle') started += 1;
          if (each === 'secured' && state === 'tls') secured = true;
          if (!secured) assert.ok(!driver.notes.some(note => note.startsWith('C: AUTH')));
        }
        driver.event('ended');
        const results = driver.all.filter(action => action.kind === 'result');
        assert.equal(results.length, started);
        assert.ok(driver.all.filter(action => action.kind === 'close').length <= 1);
      },
    ),
    { numRuns: 1_000 },
  );
});
