import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { primaryDomain } from '../../../test/settings.ts';
import { decideLiteral, decideNextHop, type OurSide } from './decide.ts';
import { decideDeliverTo } from './deliver-to.ts';
import type { AddressFacts, MxFacts } from './mx-facts.ts';
import { maxHosts } from './mx-facts.ts';
import { isNullMx, mxHosts } from './mx-hosts.ts';
import type { NextHop } from './next-hop.ts';

const ours: OurSide = {
  port: 25,
  families: [4],
  ourAddresses: new Set(['198.51.100.30', '203.0.113.40', '2001:db8:2::40']),
};
const dual: OurSide = { ...ours, families: [4, 6] };
const first = (): number => 0;

const us = '198.51.100.30';
const a = '192.0.2.10';
const b = '192.0.2.20';
const six = '2001:db8:9::10';

type Answers = Record<string, readonly string[] | 'no answer'>;

function facts(
  mx: readonly string[] | 'nodata' | 'nxdomain' | 'no answer',
  addresses: Answers = {},
): MxFacts {
  const table = new Map<string, AddressFacts>();
  for (const [name, found] of Object.entries(addresses))
    table.set(
      name,
      found === 'no answer'
        ? { addresses: [], failed: `No resolver answered for ${name}` }
        : { addresses: found, failed: null },
    );
  return { domain: 'remote.example', mx: mxAnswer(mx), addresses: table };
}

function mxAnswer(mx: readonly string[] | 'nodata' | 'nxdomain' | 'no answer'): MxFacts['mx'] {
  if (mx === 'no answer') return { kind: 'temperror', reason: 'No resolver answered' };
  if (typeof mx === 'string') return { kind: mx };
  const records = mx.map(text => {
    const [preference = '', exchange = ''] = text.split(' ');
    return { preference: Number(preference), exchange };
  });
  return { kind: 'records', records };
}

/** `mx1=192.0.2.10,192.0.2.20 mx2=…`, or `556 5.1.10`, or `defer`. */
function shown(hop: NextHop): string {
  switch (hop.kind) {
    case 'hosts':
      return hop.hosts
        .map(({ name, addresses }) => `${name}=${addresses.map(({ address }) => address).join(',')}`)
        .join(' ');
    case 'refused':
      return `${hop.code} ${hop.enhancedStatus}`;
    case 'defer':
      return 'defer';
    default:
      return hop satisfies never;
  }
}

const two = ['20 mx2.remote.example', '10 mx1.remote.example'];

const rows: [string, MxFacts, OurSide, string][] = [
  [
    'the lower preference comes first',
    facts(two, { 'mx1.remote.example': [a], 'mx2.remote.example': [b] }),
    ours,
    `mx1.remote.example=${a} mx2.remote.example=${b}`,
  ],
  [
    'without an MX the domain itself is the host',
    facts('nodata', { 'remote.example': [a] }),
    ours,
    `remote.example=${a}`,
  ],
  [
    'with neither MX nor address the domain is bad',
    facts('nodata', { 'remote.example': [] }),
    ours,
    '550 5.1.2',
  ],
  ['a domain that does not exist is bad', facts('nxdomain'), ours, '550 5.1.2'],
  [
    'no answer for the MX defers; no implicit MX is tried',
    facts('no answer', { 'remote.example': [a] }),
    ours,
    'defer',
  ],
  ['no answer for the implicit MX defers', facts('nodata', { 'remote.example': 'no answer' }), ours, 'defer'],
  ['a null MX takes no mail', facts(['0 ']), ours, '556 5.1.10'],
  [
    'a null MX beside others is ignored',
    facts(['0 ', '10 mx1.remote.example'], { 'mx1.remote.example': [a] }),
    ours,
    `mx1.remote.example=${a}`,
  ],
  ['an MX that is an address as text is skipped', facts(['10 192.0.2.1']), ours, '550 5.4.4'],
  [
    'a bad name is skipped beside a good one',
    facts(['5 a b', '10 mx1.remote.example'], { 'mx1.remote.example': [a] }),
    ours,
    `mx1.remote.example=${a}`,
  ],
  [
    'a host named more than once stands once, at its better preference',
    facts(
      ['30 MX1.remote.example', '10 mx1.remote.example', '40 mx1.remote.example', '20 mx2.remote.example'],
      {
        'mx1.remote.example': [a],
        'mx2.remote.example': [b],
      },
    ),
    ours,
    `mx1.remote.example=${a} mx2.remote.example=${b}`,
  ],
  [
    'ourselves in the set: we and all that is worse go',
    facts(['10 mx1.remote.example', '20 us.example.com', '30 mx3.remote.example'], {
      'mx1.remote.example': [a],
      'us.example.com': [us],
      'mx3.remote.example': [b],
    }),
    ours,
    `mx1.remote.example=${a}`,
  ],
  [
    'ourselves in the set: an equal goes too',
    facts(['10 mx1.remote.example', '20 us.example.com', '20 mx2.remote.example'], {
      'mx1.remote.example': [a],
      'us.example.com': [us],
      'mx2.remote.example': [b],
    }),
    ours,
    `mx1.remote.example=${a}`,
  ],
  ['only ourselves: a loop', facts(['10 us.example.com'], { 'us.example.com': [us] }), ours, '554 5.4.6'],
  ['ourselves by the implicit MX: a loop', facts('nodata', { 'remote.example': [us] }), ours, '554 5.4.6'],
  [
    'ourselves by an IPv6 address, though no egress has IPv6',
    facts(['10 us.example.com'], { 'us.example.com': [b, '2001:db8:2::40'] }),
    ours,
    '554 5.4.6',
  ],
  [
    'better hosts without an answer beside ourselves are waited for',
    facts(['10 mx1.remote.example', '20 us.example.com'], {
      'mx1.remote.example': 'no answer',
      'us.example.com': [us],
    }),
    ours,
    'defer',
  ],
  [
    'a host without an answer is passed over',
    facts(two, { 'mx1.remote.example': 'no answer', 'mx2.remote.example': [b] }),
    ours,
    `mx2.remote.example=${b}`,
  ],
  [
    'no host has an answer',
    facts(two, { 'mx1.remote.example': 'no answer', 'mx2.remote.example': [] }),
    ours,
    'defer',
  ],
  [
    'no host has an address',
    facts(two, { 'mx1.remote.example': [], 'mx2.remote.example': [] }),
    ours,
    '550 5.4.4',
  ],
  [
    'families come in turn, IPv4 first',
    facts(['10 mx1.remote.example'], { 'mx1.remote.example': [six, a] }),
    dual,
    `mx1.remote.example=${a},${six}`,
  ],
  [
    'IPv6 is left out where no egress has it',
    facts(['10 mx1.remote.example'], { 'mx1.remote.example': [six, a] }),
    ours,
    `mx1.remote.example=${a}`,
  ],
  [
    'only IPv6 there, none here',
    facts(['10 mx1.remote.example'], { 'mx1.remote.example': [six] }),
    ours,
    'defer',
  ],
  [
    'an address that no host can have is no address',
    facts(['10 mx1.remote.example'], { 'mx1.remote.example': ['0.0.0.0', '224.0.0.1', '255.255.255.255'] }),
    ours,
    '550 5.4.4',
  ],
  [
    'the same address twice is tried once, and at most four of a family',
    facts(['10 mx1.remote.example'], {
      'mx1.remote.example': [a, a, '192.0.2.11', '192.0.2.12', '192.0.2.13', '192.0.2.14'],
    }),
    ours,
    `mx1.remote.example=${a},192.0.2.11,192.0.2.12,192.0.2.13`,
  ],
];
for (const [sentence, known, side, expected] of rows) {
  test(`next hop: ${sentence}`, () => assert.equal(shown(decideNextHop(known, side, first)), expected));
}

test('next hop: hosts of equal preference come in the order that chance gives', () => {
  const known = facts(['10 a.example', '10 b.example', '5 c.example'], {
    'a.example': [a],
    'b.example': [b],
    'c.example': ['192.0.2.30'],
  });
  const draws = [0.5, 0.9, 0.1];
  const hop = decideNextHop(known, ours, () => draws.shift() ?? 0);
  assert.equal(shown(hop), `c.example=192.0.2.30 b.example=${b} a.example=${a}`);
});

test('next hop: the site is the best MX set, whatever the order', () => {
  const hop = decideNextHop(
    facts(['10 b.example', '10 A.example', '20 c.example'], { 'b.example': [b], 'c.example': [a] }),
    ours,
    first,
  );
  assert.equal(hop.kind === 'hosts' && hop.site, 'a.example,b.example');
});

test(`next hop: at most ${maxHosts} hosts`, () => {
  const names = Array.from({ length: 50 }, (_, n) => `mx${n}.remote.example`);
  const mx = names.map((name, n) => `${n} ${name}`);
  const hop = decideNextHop(facts(mx, Object.fromEntries(names.map(name => [name, [a]]))), ours, first);
  assert.equal(hop.kind === 'hosts' && hop.hosts.length, maxHosts);
});

test('next hop: the port is the configured one and the host travels with its address', () => {
  const hop = decideNextHop(facts('nodata', { 'remote.example': [a] }), { ...ours, port: 2525 }, first);
  assert.deepEqual(hop.kind === 'hosts' && hop.hosts[0]?.addresses, [
    { host: 'remote.example', address: a, port: 2525 },
  ]);
});

const literals: [string, string, OurSide, string][] = [
  ['an IPv4 literal', '192.0.2.10', ours, `[192.0.2.10]=${a}`],
  ['an IPv6 literal', 'IPv6:2001:DB8:9:0::10', dual, `[ipv6:2001:db8:9:0::10]=${six}`],
  ['an IPv6 literal without IPv6 here', 'IPv6:2001:db8:9::10', ours, 'defer'],
  ['our own address', us, ours, '554 5.4.6'],
  ['our own IPv6 address, written otherwise', 'IPv6:2001:DB8:2:0::40', dual, '554 5.4.6'],
  ['an IPv6 address without its tag', '2001:db8:9::10', dual, '550 5.1.3'],
  ['no address', 'remote.example', ours, '550 5.1.3'],
  ['an address that no host has', '0.0.0.0', ours, '550 5.1.3'],
];
for (const [sentence, literal, side, expected] of literals) {
  test(`next hop of a literal: ${sentence}`, () =>
    assert.equal(shown(decideLiteral(literal, side)), expected));
}

test('next hop of our own domain: deliver_to in order, private addresses local', () => {
  const addresses = ['10.20.0.10', '127.0.0.1', 'fd00::1', '192.0.2.9'];
  const deliverTo = addresses.map(address => ({ address, port: 25, xclient: false }));
  const hop = decideDeliverTo({ ...primaryDomain('example.com', '10.20.0.10'), deliverTo });
  assert.ok(hop.kind === 'hosts');
  assert.equal(hop.site, '10.20.0.10:25,127.0.0.1:25,fd00::1:25,192.0.2.9:25');
  assert.deepEqual(
    hop.hosts.map(({ name, local }) => [name, local]),
    [
      ['10.20.0.10', true],
      ['127.0.0.1', true],
      ['fd00::1', true],
      ['192.0.2.9', false],
    ],
  );
});

test('next hop: whatever DNS says, it is decided without a throw and never by a worse preference first', () => {
  const exchange = fc.constantFrom(
    '',
    'a.example',
    'b.example',
    'c.example',
    '192.0.2.1',
    'x y',
    'us.example',
  );
  const record = fc.record({ preference: fc.nat(3), exchange });
  const address = fc.constantFrom(a, b, us, six, '0.0.0.0', 'nonsense');
  const known = fc.record({
    addresses: fc.array(address, { maxLength: 6 }),
    failed: fc.constantFrom(null, 'No answer'),
  });
  fc.assert(
    fc.property(fc.array(record), fc.array(known, { minLength: 4, maxLength: 4 }), (records, found) => {
      const names = ['a.example', 'b.example', 'c.example', 'us.example'];
      const addresses = new Map(names.map((name, n) => [name, found[n] ?? { addresses: [], failed: null }]));
      const mx: MxFacts['mx'] = records.length > 0 ? { kind: 'records', records } : { kind: 'nodata' };
      const hop = decideNextHop({ domain: 'remote.example', mx, addresses }, dual, Math.random);
      if (hop.kind !== 'hosts') return;
      const preferences = hop.hosts.map(host => host.mxPreference);
      assert.deepEqual(
        preferences,
        preferences.toSorted((one, other) => one - other),
      );
      for (const host of hop.hosts)
        for (const to of host.addresses) assert.ok(!dual.ourAddresses.has(to.address));
      assert.ok(hop.hosts.every(host => host.addresses.length > 0));
    }),
  );
});

test('MX hosts: an empty answer names nobody and is no null MX', () => {
  assert.deepEqual(mxHosts('remote.example', { kind: 'records', records: [] }), []);
  assert.equal(isNullMx([]), false);
});
