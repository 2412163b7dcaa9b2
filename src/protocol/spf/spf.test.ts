import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { exampleZone, simpleExamples } from '../../../test/spf-examples.ts';
import { evaluateSpf, type SpfAnswer, type SpfCheck, type SpfEvaluation } from './evaluate.ts';
import { expandMacros } from './macro.ts';
import { isSpf, parseSpf } from './record.ts';

type Table = Readonly<Record<string, readonly string[] | string>>;

/** A table of `NAME TYPE`; a text in the place of a list is why there is no answer; what is missing has no record. */
function evaluate(table: Table, given: Partial<SpfCheck> = {}): SpfEvaluation {
  const check = {
    domain: 'example.com',
    address: '192.0.2.129',
    sender: 'strong-bad@example.com',
    helo: 'mail.example.com',
    ...given,
  };
  return evaluateSpf(check, ({ name, type }): SpfAnswer => {
    const found = table[`${name} ${type}`];
    if (found === undefined) return { kind: 'none' };
    return typeof found === 'string'
      ? { kind: 'temperror', reason: found }
      : { kind: 'records', values: found };
  });
}

for (const [sentence, record, address, result] of simpleExamples)
  test(`SPF, RFC 7208 appendix A: ${sentence}`, () =>
    assert.equal(evaluate({ ...exampleZone, 'example.com TXT': [record] }, { address }).result, result));

const include = { 'a.example TXT': ['v=spf1 ip4:192.0.2.129 -all'] };
const rows: [string, Table, string][] = [
  ['no record', { 'example.com TXT': ['something else'] }, 'none'],
  ['two records', { 'example.com TXT': ['v=spf1 -all', 'v=spf1 mx -all'] }, 'permerror'],
  ['spf10 is no record of ours', { 'example.com TXT': ['v=spf10 -all', 'v=spf1 +all'] }, 'pass'],
  ['nothing decides', { 'example.com TXT': ['v=spf1 ip4:203.0.113.1'] }, 'neutral'],
  ['?all', { 'example.com TXT': ['v=spf1 ?all'] }, 'neutral'],
  ['~all', { 'example.com TXT': ['v=spf1 ~all'] }, 'softfail'],
  [
    'an error after the match counts all the same',
    { 'example.com TXT': ['v=spf1 +all ipv4:1.2.3.4'] },
    'permerror',
  ],
  ['an unknown modifier is passed over', { 'example.com TXT': ['v=spf1 moo=1 +all'] }, 'pass'],
  ['an include that passes', { ...include, 'example.com TXT': ['v=spf1 include:a.example -all'] }, 'pass'],
  [
    'an include that fails does not fail the whole',
    {
      'a.example TXT': ['v=spf1 -all'],
      'example.com TXT': ['v=spf1 include:a.example ip4:192.0.2.129 -all'],
    },
    'pass',
  ],
  ['an include without a record', { 'example.com TXT': ['v=spf1 include:a.example -all'] }, 'permerror'],
  ['a redirect', { ...include, 'example.com TXT': ['v=spf1 redirect=a.example'] }, 'pass'],
  [
    'a redirect beside all is passed over',
    { ...include, 'example.com TXT': ['v=spf1 -all redirect=a.example'] },
    'fail',
  ],
  ['a redirect without a record', { 'example.com TXT': ['v=spf1 redirect=a.example'] }, 'permerror'],
  [
    'a loop of includes',
    {
      'example.com TXT': ['v=spf1 include:a.example -all'],
      'a.example TXT': ['v=spf1 include:example.com -all'],
    },
    'permerror',
  ],
  ['silence', { 'example.com TXT': 'no answer' }, 'temperror'],
  [
    'silence about an address',
    { 'example.com TXT': ['v=spf1 a -all'], 'example.com A': 'no answer' },
    'temperror',
  ],
  [
    'silence after the match',
    { 'example.com TXT': ['v=spf1 ip4:192.0.2.129 a -all'], 'example.com A': 'no answer' },
    'pass',
  ],
  [
    'exists',
    {
      'example.com TXT': ['v=spf1 exists:%{ir}.list.example -all'],
      '129.2.0.192.list.example A': ['127.0.0.2'],
    },
    'pass',
  ],
  [
    'three look-ups that find nothing',
    { 'example.com TXT': ['v=spf1 a:x.example a:y.example a:z.example +all'] },
    'permerror',
  ],
  [
    'two of them, and an address without a name',
    { 'example.com TXT': ['v=spf1 a:x.example a:y.example ptr +all'] },
    'permerror',
  ],
  ['two of them', { 'example.com TXT': ['v=spf1 a:x.example a:y.example +all'] }, 'pass'],
  [
    'eleven look-ups',
    { 'example.com TXT': [`v=spf1 ${'a '.repeat(11)}-all`], 'example.com A': ['203.0.113.1'] },
    'permerror',
  ],
  [
    'ten of them',
    { 'example.com TXT': [`v=spf1 ${'a '.repeat(10)}-all`], 'example.com A': ['203.0.113.1'] },
    'fail',
  ],
  [
    'an MX set of eleven names',
    {
      'example.com TXT': ['v=spf1 mx -all'],
      'example.com MX': Array.from({ length: 11 }, (_, place) => `${place} m${place}.example.com.`),
    },
    'permerror',
  ],
];
for (const [sentence, table, result] of rows)
  test(`SPF: ${sentence}`, () => assert.equal(evaluate(table).result, result));

test('SPF: IPv6 is judged by ip6 and AAAA', () => {
  const table = {
    'example.com TXT': ['v=spf1 ip4:192.0.2.129 a//64 ip6:2001:db8:2::/48 -all'],
    'example.com AAAA': ['2001:db8:1::1'],
  };
  assert.equal(evaluate(table, { address: '2001:db8:1::99' }).matched?.term, 'a//64');
  assert.equal(evaluate(table, { address: '2001:db8:2:1::1' }).matched?.term, 'ip6:2001:db8:2::/48');
  assert.equal(evaluate(table, { address: '2001:db8:3::1' }).result, 'fail');
});

test('SPF: the count of look-ups, and the term that decided', () => {
  const table = {
    ...include,
    'example.com TXT': ['v=spf1 a mx include:a.example -all'],
    'example.com A': ['203.0.113.1'],
    'example.com MX': ['10 m.example.'],
    'm.example A': ['203.0.113.2'],
  };
  const { lookUps, voids, matched } = evaluate(table);
  assert.deepEqual(
    { lookUps, voids, matched },
    { lookUps: 3, voids: 0, matched: { domain: 'example.com', term: 'include:a.example' } },
  );
});

test('SPF: what was not asked is named, all of an MX set at once', () => {
  const known: Table = {
    'example.com TXT': ['v=spf1 mx -all'],
    'example.com MX': ['10 a.example.', '20 b.example.'],
  };
  const check = { domain: 'example.com', address: '192.0.2.129', sender: 'a@example.com', helo: 'h.example' };
  const { result, unasked } = evaluateSpf(check, ({ name, type }) => {
    const found = known[`${name} ${type}`];
    return Array.isArray(found) ? { kind: 'records', values: found } : { kind: 'unasked' };
  });
  assert.equal(result, 'temperror');
  assert.deepEqual(
    unasked.map(({ name }) => name),
    ['a.example', 'b.example'],
  );
});

/** RFC 7208 section 7.4. */
const macros: [string, string][] = [
  ['%{s}', 'strong-bad@email.example.com'],
  ['%{o}', 'email.example.com'],
  ['%{d}', 'email.example.com'],
  ['%{d4}', 'email.example.com'],
  ['%{d3}', 'email.example.com'],
  ['%{d2}', 'example.com'],
  ['%{d1}', 'com'],
  ['%{dr}', 'com.example.email'],
  ['%{d2r}', 'example.email'],
  ['%{l}', 'strong-bad'],
  ['%{l-}', 'strong.bad'],
  ['%{lr}', 'strong-bad'],
  ['%{lr-}', 'bad.strong'],
  ['%{l1r-}', 'strong'],
  ['%{ir}.%{v}._spf.%{d2}', '3.2.0.192.in-addr._spf.example.com'],
  ['%{lr-}.lp._spf.%{d2}', 'bad.strong.lp._spf.example.com'],
  ['%{lr-}.lp.%{ir}.%{v}._spf.%{d2}', 'bad.strong.lp.3.2.0.192.in-addr._spf.example.com'],
  ['%{d2}.trusted-domains.example.net', 'example.com.trusted-domains.example.net'],
];
for (const [spec, expanded] of macros)
  test(`SPF macros: ${spec}`, () =>
    assert.equal(
      expandMacros(spec, {
        sender: 'strong-bad@email.example.com',
        domain: 'email.example.com',
        address: '192.0.2.3',
        helo: 'h.example',
      }),
      expanded,
    ));

test('SPF macros: the nibbles of an IPv6 address', () => {
  const facts = { sender: 'a@b.example', domain: 'b.example', helo: '', address: '2001:db8::cb01' };
  assert.equal(
    expandMacros('%{ir}.%{v}', facts),
    '1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6',
  );
});

test('SPF: records of more terms than anybody needs are not gone through', () => {
  const terms = Array.from({ length: 2_500 }, (_none, place) => `ip4:10.0.${place >> 8}.${place & 255}`);
  const text = `v=spf1 ${terms.join(' ')} -all`;
  const table = {
    'example.com TXT': ['v=spf1 include:one.example include:two.example ip4:192.0.2.129 -all'],
    'one.example TXT': [text],
    'two.example TXT': [text],
  };
  const { result, reason } = evaluate(table);
  assert.equal(result, 'temperror');
  assert.match(reason ?? '', /more than 4000 terms/);
  assert.equal(evaluate({ ...table, 'two.example TXT': ['v=spf1 -all'] }).result, 'pass');
});

const wrongTerms = [
  'ipv4:192.0.2.1',
  'ip4:192.0.2.300',
  'ip4:192.0.2.1/33',
  'ip6:2001:db8::/129',
  'a/33',
  'mx//129',
  'include:',
  'all:x.example',
  'exists',
  'redirect=',
  'a:%{z}.example',
  'include:example',
];
for (const term of wrongTerms)
  test(`SPF: ${term} is no term`, () => assert.equal(parseSpf(`v=spf1 ${term} -all`).ok, false));

test('SPF: no record and no answer makes it throw or loop', () => {
  const word = fc.constantFrom(
    'v=spf1',
    'a',
    'mx',
    'ptr',
    'all',
    '-all',
    'include:example.com',
    'redirect=example.com',
    'exists:%{i}.example.com',
    'ip4:192.0.2.0/24',
    '%',
    '%{',
    'a:%{d}',
    '/',
    '//',
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), fc.string({ maxLength: 30 }), (words, junk) => {
      const text = `v=spf1 ${words.join(' ')} ${junk}`;
      assert.ok(isSpf(text));
      const { lookUps } = evaluate({
        'example.com TXT': [text],
        'example.com A': ['192.0.2.9'],
        'example.com MX': ['10 example.com.'],
      });
      assert.ok(lookUps <= 11);
    }),
  );
});
