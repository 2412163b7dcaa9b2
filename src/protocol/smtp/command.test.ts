import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Command, parseCommand } from './command.ts';

const byte = fc.nat(255).map(code => String.fromCharCode(code));

const told = (dsn: unknown): string => (dsn === null ? '' : ` ${JSON.stringify(dsn)}`);

function shown(command: Command): string {
  switch (command.verb) {
    case 'bad':
      return `${command.reply.code} ${command.reply.enhancedStatus}`;
    case 'EHLO':
    case 'HELO':
      return `${command.verb} ${command.name}`;
    case 'MAIL':
      return `MAIL ${command.reversePath} ${command.bodyType} ${command.declaredSizeBytes}${command.smtpUtf8 ? ' SMTPUTF8' : ''}${told(command.dsn)}`;
    case 'RCPT':
      return `RCPT ${command.forwardPath}${command.isInternational ? ' international' : ''}${told(command.dsn)}`;
    case 'BDAT': {
      const { octets, last } = command.chunk;
      return `BDAT ${octets}${last ? ' LAST' : ''}${command.refusal ? ` ${command.refusal.code}` : ''}`;
    }
    default:
      return command.verb;
  }
}

const commands: [string, string, string][] = [
  ['a verb in any case', 'eHlO mx.example', 'EHLO mx.example'],
  ['spaces around a name', 'HELO  mx.example ', 'HELO mx.example'],
  ['a name that is an address literal', 'EHLO [192.0.2.1]', 'EHLO [192.0.2.1]'],
  ['an odd name, as machines have them', 'EHLO MY_PC', 'EHLO MY_PC'],
  ['no name', 'EHLO', '501 5.5.4'],
  ['two names', 'EHLO a b', '501 5.5.4'],
  ['a name that is not ASCII', 'EHLO \xe9', '501 5.5.4'],
  ['a name of 256 characters', `EHLO ${'a'.repeat(256)}`, '501 5.5.4'],
  ['MAIL with nothing else', 'MAIL FROM:<a@b.example>', 'MAIL a@b.example 7bit null'],
  ['a space after the colon', 'MAIL FROM: <a@b.example>', 'MAIL a@b.example 7bit null'],
  ['a space before the colon', 'MAIL FROM :<a@b.example>', '501 5.5.4'],
  ['MAIL without FROM', 'MAIL <a@b.example>', '501 5.5.4'],
  ['MAIL alone', 'MAIL', '501 5.5.4'],
  ['SIZE', 'MAIL FROM:<> SIZE=1000', 'MAIL  7bit 1000'],
  ['SIZE and BODY in small letters', 'mail from:<> body=8bitmime size=0', 'MAIL  8bitmime 0'],
  ['BODY=7BIT', 'MAIL FROM:<> BODY=7BIT', 'MAIL  7bit null'],
  ['SIZE without a value', 'MAIL FROM:<> SIZE', '501 5.5.4'],
  ['SIZE that is no number', 'MAIL FROM:<> SIZE=-1', '501 5.5.4'],
  ['SIZE of 21 digits', `MAIL FROM:<> SIZE=${'1'.repeat(21)}`, '501 5.5.4'],
  ['a body type that was not offered', 'MAIL FROM:<> BODY=BINARYMIME', '501 5.5.4'],
  ['a parameter given twice', 'MAIL FROM:<> SIZE=1 size=2', '501 5.5.4'],
  ['a parameter that was not offered', 'MAIL FROM:<> AUTH=<>', '555 5.5.4'],
  ['RET and ENVID', 'MAIL FROM:<> ret=hdrs ENVID=QQ+2B1', 'MAIL  7bit null {"ret":"hdrs","envid":"QQ+1"}'],
  ['RET=FULL', 'MAIL FROM:<> RET=FULL', 'MAIL  7bit null {"ret":"full","envid":null}'],
  ['RET of another kind', 'MAIL FROM:<> RET=SOME', '501 5.5.4'],
  ['ENVID without a value', 'MAIL FROM:<> ENVID', '501 5.5.4'],
  ['ENVID that is no xtext', 'MAIL FROM:<> ENVID=a+2b', '501 5.5.4'],
  ['ENVID that hides a line end', 'MAIL FROM:<> ENVID=a+0D+0Ab', '501 5.5.4'],
  ['ENVID of 101 characters', `MAIL FROM:<> ENVID=${'a'.repeat(101)}`, '501 5.5.4'],
  ['SMTPUTF8', 'MAIL FROM:<a@b.example> SMTPUTF8', 'MAIL a@b.example 7bit null SMTPUTF8'],
  ['SMTPUTF8 with a value', 'MAIL FROM:<> SMTPUTF8=1', '501 5.5.4'],
  [
    'a sender in UTF-8',
    'MAIL FROM:<j\xc3\xbcrgen@m\xc3\xbcnchen.example> SMTPUTF8',
    'MAIL jürgen@münchen.example 7bit null SMTPUTF8',
  ],
  ['a sender in UTF-8 without the parameter', 'MAIL FROM:<j\xc3\xbc@b.example>', '553 5.6.7'],
  ['a sender in Latin-1', 'MAIL FROM:<j\xfc@b.example> SMTPUTF8', '553 5.6.7'],
  ['a sender in overlong UTF-8', 'MAIL FROM:<\xc1\xa1@b.example> SMTPUTF8', '553 5.6.7'],
  ['a sender with a surrogate', 'MAIL FROM:<\xed\xa0\x80@b.example> SMTPUTF8', '553 5.6.7'],
  ['a sender that turns the text around', 'MAIL FROM:<a\xe2\x80\xaeb@b.example> SMTPUTF8', '501 5.1.7'],
  ['a sender with a C1 control', 'MAIL FROM:<a\xc2\x85b@b.example> SMTPUTF8', '501 5.1.7'],
  ['a parameter that is none', 'MAIL FROM:<> =', '501 5.5.4'],
  ['no space before a parameter', 'MAIL FROM:<>SIZE=1', '501 5.5.4'],
  ['a bad sender', 'MAIL FROM:<a@b@c>', '501 5.1.7'],
  ['RCPT', 'rcpt to:<a@b.example>', 'RCPT a@b.example'],
  ['NOTIFY=NEVER', 'RCPT TO:<a@b.example> NOTIFY=NEVER', 'RCPT a@b.example {"notify":[],"orcpt":null}'],
  [
    'NOTIFY in any order and case',
    'RCPT TO:<a@b.example> notify=Delay,SUCCESS,failure',
    'RCPT a@b.example {"notify":["success","failure","delay"],"orcpt":null}',
  ],
  ['NOTIFY that mixes NEVER', 'RCPT TO:<a@b.example> NOTIFY=NEVER,DELAY', '501 5.5.4'],
  ['NOTIFY twice the same', 'RCPT TO:<a@b.example> NOTIFY=DELAY,DELAY', '501 5.5.4'],
  ['NOTIFY of nothing', 'RCPT TO:<a@b.example> NOTIFY', '501 5.5.4'],
  ['NOTIFY of something else', 'RCPT TO:<a@b.example> NOTIFY=OPENED', '501 5.5.4'],
  [
    'ORCPT',
    'RCPT TO:<a@b.example> ORCPT=RFC822;Bob+2Bx@b.example',
    'RCPT a@b.example {"notify":null,"orcpt":"rfc822;Bob+x@b.example"}',
  ],
  [
    'ORCPT in UTF-8',
    'RCPT TO:<a@b.example> ORCPT=utf-8;\xc3\xbc@b.example',
    'RCPT a@b.example {"notify":null,"orcpt":"utf-8;ü@b.example"}',
  ],
  [
    'ORCPT whose UTF-8 is in xtext, as Postfix writes it',
    'RCPT TO:<a@b.example> ORCPT=rfc822;m+C3+BCller@b.example',
    'RCPT a@b.example {"notify":null,"orcpt":"utf-8;müller@b.example"}',
  ],
  ['ORCPT that hides a line end in UTF-8', 'RCPT TO:<a@b.example> ORCPT=rfc822;+C3+BC+0D+0A', '501 5.5.4'],
  ['ORCPT whose xtext is no UTF-8', 'RCPT TO:<a@b.example> ORCPT=rfc822;+FF@b.example', '501 5.5.4'],
  [
    'ORCPT in UTF-8 that says it is not',
    'RCPT TO:<a@b.example> ORCPT=rfc822;\xc3\xbc@b.example',
    '501 5.5.4',
  ],
  ['ORCPT without a type', 'RCPT TO:<a@b.example> ORCPT=a@b.example', '501 5.5.4'],
  ['ORCPT that hides a line end', 'RCPT TO:<a@b.example> ORCPT=rfc822;a+0D+0A', '501 5.5.4'],
  ['ORCPT of 501 characters', `RCPT TO:<a@b.example> ORCPT=rfc822;${'a'.repeat(494)}`, '501 5.5.4'],
  ['RCPT with what was not offered', 'RCPT TO:<a@b.example> RRVS=x', '555 5.5.4'],
  ['a chunk', 'BDAT 1000', 'BDAT 1000'],
  ['the last chunk', 'bdat 0 last', 'BDAT 0 LAST'],
  ['a chunk without its octets', 'BDAT', '501 5.5.4'],
  ['a chunk of less than nothing', 'BDAT -1 LAST', '501 5.5.4'],
  ['a chunk in hexadecimal', 'BDAT 0x10', '501 5.5.4'],
  ['a chunk that nobody can count', `BDAT ${'9'.repeat(16)}`, '501 5.5.4'],
  ['a chunk that is odd, and its octets are known', 'BDAT 10 FIRST', 'BDAT 10 LAST 501'],
  ['STARTTLS', 'STARTTLS', 'STARTTLS'],
  ['STARTTLS with an argument', 'STARTTLS now', '501 5.5.4'],
  ['RCPT without TO', 'RCPT <a@b.example>', '501 5.5.4'],
  ['a bad recipient', 'RCPT TO:<a@b@c>', '501 5.1.3'],
  ['a recipient in UTF-8', 'RCPT TO:<\xc3\xbc@b.example>', 'RCPT ü@b.example international'],
  ['a recipient that is no UTF-8', 'RCPT TO:<\xbc@b.example>', '553 5.6.7'],
  ['spaces at the end', 'DATA  ', 'DATA'],
  ['DATA with an argument', 'DATA x', '501 5.5.4'],
  ['QUIT with an argument', 'QUIT x', '501 5.5.4'],
  ['NOOP with an argument', 'NOOP x', 'NOOP'],
  ['VRFY without one', 'VRFY', '501 5.5.4'],
  ['VRFY with one', 'VRFY a', 'VRFY'],
  ['what is not offered', 'ETRN example.com', '502 5.5.1'],
  ['what nobody knows', 'FOO', '500 5.5.2'],
  ['nothing', '', '500 5.5.2'],
  ['a space first', ' NOOP', '500 5.5.2'],
  ['a bare CR', 'NOOP\rNOOP', '500 5.5.2'],
  ['a bare LF', 'NOOP\nNOOP', '500 5.5.2'],
  ['a NUL', 'NOOP\0', '500 5.5.2'],
];
for (const [sentence, line, expected] of commands)
  test(`command: ${sentence}`, () => assert.equal(shown(parseCommand(line)), expected));

const nearlyCommand = fc
  .tuple(
    fc.constantFrom(
      'MAIL FROM:',
      'RCPT TO:',
      'MAIL FROM:<> ',
      'RCPT TO:<a@b> ',
      'BDAT ',
      'EHLO ',
      'VRFY ',
      'DATA',
      '',
    ),
    fc.array(
      fc.constantFrom(
        '<',
        '>',
        '@',
        'a',
        '=',
        ' ',
        'SIZE',
        'BODY',
        'ENVID',
        'ORCPT',
        ';',
        '+',
        'NOTIFY',
        'SMTPUTF8',
        '\xc3\xbc',
        '9',
        '\r',
        '\n',
        '\0',
        '\xff',
        '"',
      ),
      {
        maxLength: 30,
      },
    ),
  )
  .map(([verb, parts]) => verb + parts.join(''));

test('command: whatever comes is a command or a refusal of 5xx, and never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(nearlyCommand, fc.string({ unit: byte })), line => {
      const command = parseCommand(line);
      if (command.verb === 'bad') assert.ok(command.reply.code >= 500);
      else assert.ok(!/[\r\n\0]/.test(line) && !/[\r\n\0]/.test(JSON.stringify(command)));
    }),
  );
});
