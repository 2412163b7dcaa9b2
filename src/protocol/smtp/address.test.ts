import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { domainOf, isDomain, type ParsedPath, parseForwardPath, parseReversePath } from './address.ts';

const byte = fc.nat(255).map(code => String.fromCharCode(code));

const shown = (parsed: ParsedPath): string =>
  parsed.kind === 'path' ? parsed.path : `${parsed.reply.code} ${parsed.reply.enhancedStatus}`;

const label63 = 'a'.repeat(63);
const local64 = 'l'.repeat(64);

const forwardPaths: [string, string, string][] = [
  ['a mailbox', '<a@example.com>', 'a@example.com'],
  ['case is kept', '<Ann@Example.COM>', 'Ann@Example.COM'],
  ['all that an atom may hold', "<a!#$%&'*+-/=?^_`{|}~.b@example.com>", "a!#$%&'*+-/=?^_`{|}~.b@example.com"],
  ['a quoted local part', '<"a b>@\\"\\\\"@example.com>', '"a b>@\\"\\\\"@example.com'],
  ['an empty quoted local part', '<""@example.com>', '""@example.com'],
  ['an IPv4 literal', '<a@[192.0.2.1]>', 'a@[192.0.2.1]'],
  ['an IPv6 literal', '<a@[IPv6:2001:db8::1]>', 'a@[IPv6:2001:db8::1]'],
  ['a source route is dropped', '<@one.example,@two.example:a@example.com>', 'a@example.com'],
  ['the postmaster needs no domain', '<PostMaster>', 'PostMaster'],
  ['an A-label', '<a@xn--mnchen-3ya.example>', 'a@xn--mnchen-3ya.example'],
  ['a domain of one label', '<a@localhost>', 'a@localhost'],
  ['a local part of 64 characters', `<${local64}@example.com>`, `${local64}@example.com`],
  ['a local part of 65', `<l${local64}@example.com>`, '501 5.1.3'],
  ['a label of 63', `<a@${label63}.example>`, `a@${label63}.example`],
  ['a label of 64', `<a@a${label63}.example>`, '501 5.1.3'],
  [
    'a path of 256 characters with its brackets',
    `<a@${`${label63}.`.repeat(3)}${'b'.repeat(60)}>`,
    `a@${`${label63}.`.repeat(3)}${'b'.repeat(60)}`,
  ],
  ['a path of 257', `<a@${`${label63}.`.repeat(3)}${'b'.repeat(61)}>`, '501 5.1.3'],
  ['two at signs', '<a@b.example@c.example>', '501 5.1.3'],
  ['no brackets', 'a@example.com', '501 5.1.3'],
  ['no end', '<a@example.com', '501 5.1.3'],
  ['nothing', '<>', '501 5.1.3'],
  ['no domain', '<a>', '501 5.1.3'],
  ['an empty domain', '<a@>', '501 5.1.3'],
  ['no local part', '<@example.com>', '501 5.1.3'],
  ['a dot first', '<.a@example.com>', '501 5.1.3'],
  ['a dot last', '<a.@example.com>', '501 5.1.3'],
  ['two dots', '<a..b@example.com>', '501 5.1.3'],
  ['a final dot of the domain', '<a@example.com.>', '501 5.1.3'],
  ['a label that begins with a hyphen', '<a@-example.com>', '501 5.1.3'],
  ['a label that ends with a hyphen', '<a@example-.com>', '501 5.1.3'],
  ['an underscore in a domain', '<a@ex_ample.com>', '501 5.1.3'],
  ['an A-label that decodes to nothing', '<a@xn--a>', '501 5.1.3'],
  ['an A-label that decodes to ASCII', '<a@xn--abc-.example>', '501 5.1.3'],
  ['an A-label that encodes otherwise', '<a@xn---ymn.example>', '501 5.1.3'],
  ['an A-label in capitals', '<a@XN--MNCHEN-3YA.example>', 'a@XN--MNCHEN-3YA.example'],
  ['an IPv4 literal with a leading zero', '<a@[192.0.2.01]>', '501 5.1.3'],
  ['an IPv6 literal without its tag', '<a@[2001:db8::1]>', '501 5.1.3'],
  ['an IPv6 literal with a zone', '<a@[IPv6:fe80::1%eth0]>', '501 5.1.3'],
  ['a literal of another kind', '<a@[x400:abc]>', '501 5.1.3'],
  ['a source route without its colon', '<@one.example a@example.com>', '501 5.1.3'],
  ['a source route with a bad domain', '<@-:a@example.com>', '501 5.1.3'],
  ['a space in an atom', '<a b@example.com>', '501 5.1.3'],
  ['a quoted string with a bare quote', '<"a"b"@example.com>', '501 5.1.3'],
  ['a control character', '<"a\x01"@example.com>', '501 5.1.3'],
  ['a local part that is not ASCII', '<ü@example.com>', 'ü@example.com'],
  ['its normal form is left as it is', '<u\u0308@example.com>', 'u\u0308@example.com'],
  ['a quoted local part that is not ASCII', '<"ü x"@example.com>', '"ü x"@example.com'],
  ['a local part of letters beyond 16 bits', '<𝒂@example.com>', '𝒂@example.com'],
  ['a local part of 64 octets', `<${'ü'.repeat(32)}@example.com>`, `${'ü'.repeat(32)}@example.com`],
  ['a local part of 66 octets', `<${'ü'.repeat(33)}@example.com>`, '501 5.1.3'],
  ['a U-label', '<a@münchen.example>', 'a@münchen.example'],
  ['a U-label in capitals', '<a@MÜNCHEN.example>', 'a@MÜNCHEN.example'],
  ['a U-label and an A-label', '<a@xn--mnchen-3ya.bücher.example>', 'a@xn--mnchen-3ya.bücher.example'],
  ['a domain in wide letters, which stand for others', '<a@ｅxample.com>', '501 5.1.3'],
  ['a domain with a dot that is none', '<a@example。com>', '501 5.1.3'],
  ['a label of signs', '<a@☃\u2000.example>', '501 5.1.3'],
  ['a label that is too long as an A-label', `<a@${'ü'.repeat(60)}.example>`, '501 5.1.3'],
  ['a character that is not shown', '<a\u200eb@example.com>', '501 5.1.3'],
  ['a line end of Unicode', '<a\u2028b@example.com>', '501 5.1.3'],
];
for (const [sentence, text, expected] of forwardPaths)
  test(`address: ${sentence}`, () => assert.equal(shown(parseForwardPath(text)), expected));

test('address: the null reverse-path, and a bad one', () => {
  assert.equal(shown(parseReversePath('<>')), '');
  assert.equal(shown(parseReversePath('<postmaster>')), '501 5.1.7');
  assert.deepEqual(parseReversePath('FROM:<a@b.example> SIZE=1', 5), {
    kind: 'path',
    path: 'a@b.example',
    end: 18,
    isInternational: false,
  });
});

const domains: [string, string][] = [
  ['a@Example.COM', 'example.com'],
  ['"a@b"@example.com', 'example.com'],
  ['a@[IPv6:2001:DB8::1]', '[ipv6:2001:db8::1]'],
  ['a@München.Example', 'xn--mnchen-3ya.example'],
  ['a@xn--mnchen-3ya.example', 'xn--mnchen-3ya.example'],
  ['postmaster', ''],
  ['', ''],
];
for (const [path, domain] of domains)
  test(`address: the domain of ${path} is ${domain}`, () => assert.equal(domainOf(path), domain));

/** Text that is nearly a path. */
const nearlyPath = fc
  .array(
    fc.constantFrom(
      '<',
      '>',
      '@',
      '"',
      '\\',
      '.',
      ':',
      ',',
      '[',
      ']',
      ' ',
      'a',
      'xn--',
      '-',
      '\xe9',
      '\0',
      '1',
    ),
    {
      maxLength: 40,
    },
  )
  .map(parts => `<${parts.join('')}`);

test('address: whatever comes is a path within the limits or a refusal, and never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(nearlyPath, fc.string({ unit: byte })), text => {
      for (const parsed of [parseForwardPath(text), parseReversePath(text)]) {
        if (parsed.kind === 'bad') continue;
        assert.equal(parsed.isInternational, !/^[ -~]*$/.test(parsed.path));
        assert.ok(/^[ -~]*$/.test(domainOf(parsed.path)), 'a domain is told in ASCII');
        assert.ok(Buffer.byteLength(parsed.path) <= 254);
        assert.equal(text[parsed.end - 1], '>');
        const again = parseReversePath(`<${parsed.path}>`);
        if (domainOf(parsed.path) !== '') assert.equal(shown(again), parsed.path);
      }
    }),
  );
});

test('address: a domain has at most 255 characters', () => {
  assert.equal(isDomain(`${'a.'.repeat(127)}a`), true);
  assert.equal(isDomain(`${'a.'.repeat(127)}aa`), false);
});

test('address: long nonsense is read in no time', () => {
  for (const part of ['a', 'a.', '"', '\\', '@a,', '-', 'a-', '[', '@a:'])
    parseForwardPath(`<${part.repeat(100_000)}`);
  assert.equal(isDomain('a-'.repeat(100)), false);
});
