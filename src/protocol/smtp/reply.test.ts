import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseExtensions } from './extensions.ts';
import { formatReply, type Reply, ReplyParser, reply, replyText } from './reply.ts';

const byte = fc.nat(255).map(code => String.fromCharCode(code));

/** What comes of lines: the replies, or the first fault. */
function parse(lines: readonly string[]): (Reply | string)[] {
  const parser = new ReplyParser();
  const found: (Reply | string)[] = [];
  for (const line of lines) {
    const progress = parser.push(line);
    if (progress.kind === 'reply') found.push(progress.reply);
    if (progress.kind === 'bad') return [...found, progress.why];
  }
  return found;
}

const replies: [string, string[], Reply[]][] = [
  ['one line', ['250 ok'], [reply(250, null, 'ok')]],
  ['a code alone', ['250'], [reply(250, null, '')]],
  ['an enhanced status code', ['550 5.1.1 no'], [reply(550, '5.1.1', 'no')]],
  ['an enhanced status code alone', ['250 2.0.0'], [reply(250, '2.0.0', '')]],
  ['one of another class is text', ['550 4.1.1 no'], [reply(550, null, '4.1.1 no')]],
  ['an address is none', ['250 2.0.0.1 hello'], [reply(250, null, '2.0.0.1 hello')]],
  ['354 has none', ['354 3.0.0 go'], [reply(354, null, '3.0.0 go')]],
  ['it is taken off each line', ['550-5.7.1 a', '550 5.7.1 b'], [reply(550, '5.7.1', 'a', 'b')]],
  ['but not where it is another', ['550-5.7.1 a', '550 5.7.2 b'], [reply(550, '5.7.1', 'a', '5.7.2 b')]],
  ['many lines', ['250-a', '250-b', '250 c'], [reply(250, null, 'a', 'b', 'c')]],
  ['one after the other', ['250 a', '550 b'], [reply(250, null, 'a'), reply(550, null, 'b')]],
  ['UTF-8 is read', ['550 gr\xc3\xbcn'], [reply(550, null, 'grün')]],
  ['what controls a terminal is not', ['550 \x1b[31m\x07\t\xff'], [reply(550, null, '?[31m? \ufffd')]],
  ['nor what turns text round', ['550 \xe2\x80\xaeabc'], [reply(550, null, '?abc')]],
];
for (const [sentence, lines, expected] of replies)
  test(`reply: ${sentence}`, () => assert.deepEqual(parse(lines), expected));

const faults: [string, string[]][] = [
  ['no code', ['hello']],
  ['a code out of range', ['650 x']],
  ['a code of four digits', ['2500 x']],
  ['two codes', ['250-a', '251 b']],
  ['another sign after the code', ['250+a']],
  ['nothing', ['']],
  ['endless lines', Array.from({ length: 101 }, () => '250-x')],
  ['endless bytes', Array.from({ length: 40 }, () => `250-${'x'.repeat(1_900)}`)],
];
for (const [sentence, lines] of faults)
  test(`reply: ${sentence} is a fault`, () => assert.equal(typeof parse(lines).at(-1), 'string'));

test('reply: as it goes over the wire', () => {
  assert.equal(formatReply(reply(250, '2.0.0', 'a', 'b')).toString(), '250-2.0.0 a\r\n250 2.0.0 b\r\n');
  assert.equal(formatReply(reply(354, null, 'go')).toString(), '354 go\r\n');
  assert.equal(formatReply(reply(550, null, 'a\r\n250 b\0ü')).toString(), '550 a??250 b??\r\n');
  assert.ok(formatReply(reply(550, '5.0.0', 'x'.repeat(1_000))).length <= 512);
  assert.equal(replyText(reply(550, '5.1.1', 'a', 'b')), '550 5.1.1 a b');
});

test('reply: what we write is read as it was meant, and stays in its lines', () => {
  const ours = fc.record({
    code: fc.integer({ min: 200, max: 599 }),
    lines: fc.array(fc.string({ unit: byte, maxLength: 600 }), { minLength: 1, maxLength: 5 }),
  });
  fc.assert(
    fc.property(ours, ({ code, lines }) => {
      const wire = formatReply({ code, enhancedStatus: null, lines }).toString('latin1').split('\r\n');
      assert.equal(wire.pop(), '');
      assert.equal(wire.length, lines.length);
      const [read] = parse(wire);
      assert.ok(typeof read === 'object' && read.code === code && read.lines.length === lines.length);
    }),
  );
});

test('reply: whatever comes is a reply or a fault, and never an exception', () => {
  const line = fc.oneof(
    fc.string({ unit: byte }),
    fc
      .tuple(fc.constantFrom('250', '250-', '250 ', '550 5.', '99'), fc.string({ unit: byte }))
      .map(p => p.join('')),
  );
  fc.assert(
    fc.property(fc.array(line), lines => {
      for (const found of parse(lines)) {
        const texts = typeof found === 'string' ? [found] : found.lines;
        assert.ok(texts.length > 0 && texts.every(text => !/\p{Cc}/u.test(text)));
        if (typeof found === 'object') parseExtensions(found);
      }
    }),
  );
});

test('extensions: what EHLO offers', () => {
  const offered = parseExtensions(
    reply(
      250,
      null,
      'PIPELINING greets you',
      'size 1000',
      '8BITMIME',
      'AUTH PLAIN login',
      'AUTH=LOGIN',
      'X-ODD a=b',
    ),
  );
  assert.equal(offered.pipelining, false, 'the first line is a name');
  assert.equal(offered.sizeLimitBytes, 1_000);
  assert.equal(offered.eightBitMime, true);
  assert.deepEqual(offered.auth, ['PLAIN', 'LOGIN']);
});

const sizes: [string, number | null][] = [
  ['SIZE', 0],
  ['SIZE 0', 0],
  ['SIZE 12', 12],
  ['SIZE many', 0],
  ['SIZES 12', null],
];
for (const [line, expected] of sizes)
  test(`extensions: ${line} is a limit of ${expected}`, () =>
    assert.equal(parseExtensions(reply(250, null, 'mx', line)).sizeLimitBytes, expected));
