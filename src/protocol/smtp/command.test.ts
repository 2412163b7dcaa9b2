import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Command, parseCommand } from './command.ts';

const byte = fc.nat(255).map(code => String.fromCharCode(code));

function shown(command: Command): string {
  switch (command.verb) {
    case 'bad':
      return `${command.reply.code} ${command.reply.enhancedStatus}`;
    case 'EHLO':
    case 'HELO':
      return `${command.verb} ${command.name}`;
    case 'MAIL':
      return `MAIL ${command.reversePath} ${command.bodyType} ${command.declaredSizeBytes}`;
    case 'RCPT':
      return `RCPT ${command.forwardPath}`;
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
  ['a parameter that was not offered', 'MAIL FROM:<> RET=HDRS', '555 5.5.4'],
  ['a parameter that is none', 'MAIL FROM:<> =', '501 5.5.4'],
  ['no space before a parameter', 'MAIL FROM:<>SIZE=1', '501 5.5.4'],
  ['a bad sender', 'MAIL FROM:<a@b@c>', '501 5.1.7'],
  ['RCPT', 'rcpt to:<a@b.example>', 'RCPT a@b.example'],
  ['RCPT with a parameter', 'RCPT TO:<a@b.example> NOTIFY=NEVER', '555 5.5.4'],
  ['RCPT without TO', 'RCPT <a@b.example>', '501 5.5.4'],
  ['a bad recipient', 'RCPT TO:<a@b@c>', '501 5.1.3'],
  ['a recipient that is not ASCII', 'RCPT TO:<\xc3\xbc@b.example>', '553 5.6.7'],
  ['spaces at the end', 'DATA  ', 'DATA'],
  ['DATA with an argument', 'DATA x', '501 5.5.4'],
  ['QUIT with an argument', 'QUIT x', '501 5.5.4'],
  ['NOOP with an argument', 'NOOP x', 'NOOP'],
  ['VRFY without one', 'VRFY', '501 5.5.4'],
  ['VRFY with one', 'VRFY a', 'VRFY'],
  ['what is not offered', 'STARTTLS', '502 5.5.1'],
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
    fc.constantFrom('MAIL FROM:', 'RCPT TO:', 'EHLO ', 'VRFY ', 'DATA', ''),
    fc.array(
      fc.constantFrom('<', '>', '@', 'a', '=', ' ', 'SIZE', 'BODY', '9', '\r', '\n', '\0', '\xff', '"'),
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
      else assert.ok(!/[\r\n\0]/.test(line));
    }),
  );
});
