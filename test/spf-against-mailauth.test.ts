import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { spf } from 'mailauth/lib/spf/index.js';
import {
  evaluateSpf,
  type SpfAnswer,
  type SpfQuestion,
  type SpfResult,
} from '../src/protocol/spf/evaluate.ts';

/** What DNS says, by `name TYPE`: records as in a master file, or nobody; what is missing does not exist. */
type Zone = Readonly<Record<string, readonly string[] | 'silence'>>;

const limitMs = 2_500;
const sender = 'strong-bad@example.com';
const helo = 'mail.example.com';

/** Small pools, so that terms meet records, records meet addresses, and records lead to each other in circles. */
const names = [
  'example.com',
  'a.example',
  'b.example',
  'c.d.example',
  '_spf.example.com',
  'gone.example',
] as const;
const addresses4 = ['192.0.2.1', '192.0.2.2', '192.0.2.129', '198.51.100.7'] as const;
const addresses6 = ['2001:db8::1', '2001:db8::2', '2001:db8:1::1'] as const;
const clients = [...addresses4, ...addresses6] as const;

const name = fc.constantFrom(...names);
const target = fc.oneof(
  { weight: 6, arbitrary: name },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '%{d}',
      '%{d2}',
      '%{o}',
      '%{ir}.%{v}.example',
      '%{l}.a.example',
      '%{h}',
      '%{i}.b.example',
    ),
  },
);
const prefix = fc.constantFrom('', '/24', '/32', '/30', '/0', '//64', '//128', '/24//64', '/33', '//129');
const term = fc.oneof(
  fc.constantFrom('all', 'a', 'mx', 'ptr', 'moo=1', 'x-y=%{i}', 'exp=b.example', 'v=spf1', 'ip4', 'include:'),
  fc.tuple(fc.constantFrom('a', 'mx'), prefix).map(([word, length]) => `${word}${length}`),
  fc.tuple(fc.constantFrom('a', 'mx'), target, prefix).map(([word, at, length]) => `${word}:${at}${length}`),
  fc
    .tuple(fc.constantFrom('include', 'include', 'exists', 'ptr'), target)
    .map(([word, at]) => `${word}:${at}`),
  fc
    .tuple(fc.constantFrom(...addresses4), fc.constantFrom('', '/24', '/25', '/0'))
    .map(each => `ip4:${each.join('')}`),
  fc
    .tuple(fc.constantFrom(...addresses6), fc.constantFrom('', '/64', '/32', '/0'))
    .map(each => `ip6:${each.join('')}`),
  target.map(at => `redirect=${at}`),
);
const signedTerm = fc
  .tuple(fc.constantFrom('', '', '', '+', '-', '~', '?'), term)
  .map(([sign, text]) => (text.includes('=') ? text : `${sign}${text}`));
const record = fc
  .tuple(fc.array(signedTerm, { maxLength: 6 }), fc.constantFrom(' -all', ' ~all', ' ?all', ''))
  .map(([terms, end]) => `v=spf1${terms.map(each => ` ${each}`).join('')}${end}`);

const silence = fc.constant('silence' as const);
const seldom = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 12, arbitrary: value }, { weight: 1, arbitrary: silence });
const few = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { minLength: 1, maxLength: 3 });
const texts = fc.oneof(
  { weight: 12, arbitrary: record.map(text => [text]) },
  { weight: 1, arbitrary: fc.constant(['another text']) },
  { weight: 1, arbitrary: fc.tuple(record, record).map(pair => [...pair]) },
  { weight: 1, arbitrary: silence },
);
const recordsOf = {
  TXT: texts,
  A: few(fc.constantFrom(...addresses4)),
  AAAA: few(fc.constantFrom(...addresses6)),
  MX: few(name.map(exchange => `10 ${exchange}.`)),
};
const ownersOf = (type: keyof typeof recordsOf) =>
  names.filter(each => each !== 'gone.example').map(owner => [`${owner} ${type}`, recordsOf[type]] as const);
const reverses = ['1.2.0.192.in-addr.arpa', '129.2.0.192.in-addr.arpa'].map(
  owner => [`${owner} PTR`, few(name)] as const,
);
const zones: fc.Arbitrary<Zone> = fc.record(
  Object.fromEntries<fc.Arbitrary<readonly string[] | 'silence'>>([
    ...(['A', 'AAAA', 'MX'] as const).flatMap(type =>
      ownersOf(type).map(([key, some]) => [key, seldom(some)] as const),
    ),
    ...ownersOf('TXT'),
    ...reverses,
  ]),
  { requiredKeys: ['example.com TXT'] },
);

function ours(zone: Zone, address: string): SpfResult {
  const answer = ({ name: owner, type }: SpfQuestion): SpfAnswer => {
    const found = zone[`${owner} ${type}`];
    if (found === undefined) return { kind: 'none' };
    return found === 'silence' ? { kind: 'temperror', reason: found } : { kind: 'records', values: found };
  };
  return evaluateSpf({ domain: 'example.com', address, sender, helo }, answer).result;
}

async function theirs(zone: Zone, address: string): Promise<string> {
  const resolver = async (owner: string, type: string): Promise<unknown[]> => {
    const found = zone[`${owner.toLowerCase()} ${type}`];
    if (found === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    if (found === 'silence') throw Object.assign(new Error('no answer'), { code: 'ETIMEOUT' });
    if (type === 'TXT') return found.map(text => [text]);
    if (type !== 'MX') return [...found];
    return found.map(text => ({ priority: 10, exchange: text.replace(/^10 (.*)\.$/, '$1') }));
  };
  // @ts-expect-error Its type has strings only; for MX it wants objects, as node:dns gives them.
  const { status } = await spf({ sender, ip: address, helo, strict: true, resolver });
  return status.result;
}

test('SPF: random zones are judged as mailauth judges them', async t => {
  const counted = new Map<string, number>();
  const property = fc.asyncProperty(zones, fc.constantFrom(...clients), async (zone, address) => {
    const result = ours(zone, address);
    counted.set(result, (counted.get(result) ?? 0) + 1);
    assert.equal(result, await theirs(zone, address), 'ours, theirs');
  });
  const told = await fc.check(property, { numRuns: 4_000, interruptAfterTimeLimit: limitMs });
  t.diagnostic(
    `seed ${told.seed}, ${told.numRuns} zones: ${[...counted].map(each => each.join(' ')).join(', ')}`,
  );
  assert.equal(told.failed, false, fc.defaultReportMessage(told));
});
