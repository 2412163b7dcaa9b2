import assert from 'node:assert/strict';
import test from 'node:test';
import { primaryDomain } from '../../../test/settings.ts';
import { decideBackupByList, decideBackupByMx } from './backup.ts';
import type { OurSide } from './decide.ts';
import type { MxFacts } from './mx-facts.ts';
import type { NextHop } from './next-hop.ts';

const us = '203.0.113.40';
const primary = '198.51.100.30';
const other = '192.0.2.10';
const ours: OurSide = {
  port: 25,
  families: [4],
  ourAddresses: new Set([us]),
  ourNames: new Set(['mx2.example.com']),
};

function facts(
  mx: readonly string[] | 'nodata' | 'nxdomain' | 'temperror',
  addresses: Record<string, readonly string[] | 'silent'>,
): MxFacts {
  const table = Object.entries(addresses).map(
    ([name, found]) =>
      [
        name,
        found === 'silent'
          ? { addresses: [], failed: `No resolver answered for ${name}` }
          : { addresses: found, failed: null },
      ] as const,
  );
  return { domain: 'example.com', mx: answer(mx), addresses: new Map(table) };
}

function answer(mx: readonly string[] | 'nodata' | 'nxdomain' | 'temperror'): MxFacts['mx'] {
  if (mx === 'temperror') return { kind: 'temperror', reason: 'No resolver answered' };
  if (typeof mx === 'string') return { kind: mx };
  const records = mx.map(text => {
    const [preference = '', exchange = ''] = text.split(' ');
    return { preference: Number(preference), exchange };
  });
  return { kind: 'records', records };
}

function shown(hop: NextHop): string {
  if (hop.kind !== 'hosts') return hop.kind;
  return hop.hosts
    .map(({ name, addresses }) => `${name}=${addresses.map(({ address }) => address).join(',')}`)
    .join(' ');
}

const two = ['10 mx1.example.com', '20 mx2.example.com'];

const rows: [string, MxFacts, string][] = [
  [
    'the better host, and not ourselves',
    facts(two, { 'mx1.example.com': [primary], 'mx2.example.com': [us] }),
    `mx1.example.com=${primary}`,
  ],
  [
    'all better hosts in order, none of our preference and none worse',
    facts([...two, '5 mx0.example.com', '20 mx3.example.com', '30 mx4.example.com'], {
      'mx0.example.com': [other],
      'mx1.example.com': [primary],
      'mx2.example.com': [us],
      'mx3.example.com': ['192.0.2.30'],
      'mx4.example.com': ['192.0.2.40'],
    }),
    `mx0.example.com=${other} mx1.example.com=${primary}`,
  ],
  [
    'ourselves known by the name of a listener, where the address that DNS gives is not ours (NAT)',
    facts(two, { 'mx1.example.com': [primary], 'mx2.example.com': ['192.0.2.99'] }),
    `mx1.example.com=${primary}`,
  ],
  [
    'a better host that is also one of our addresses makes us the best: it waits',
    facts(two, { 'mx1.example.com': [primary, us], 'mx2.example.com': [us] }),
    'defer',
  ],
  [
    'we are the best: it waits and is not bounced',
    facts(['10 mx2.example.com', '20 mx1.example.com'], {
      'mx1.example.com': [primary],
      'mx2.example.com': [us],
    }),
    'defer',
  ],
  [
    'we are not in the set: it waits, for it may come back to us',
    facts(['10 mx1.example.com'], { 'mx1.example.com': [primary] }),
    'defer',
  ],
  [
    'no answer for our own name: it waits',
    facts(['10 mx1.example.com', '20 b.example.com'], {
      'mx1.example.com': [primary],
      'b.example.com': 'silent',
    }),
    'defer',
  ],
  [
    'the better host has no address now: it waits',
    facts(two, { 'mx1.example.com': 'silent', 'mx2.example.com': [us] }),
    'defer',
  ],
  [
    'the better host has no address at all: it waits too',
    facts(two, { 'mx1.example.com': [], 'mx2.example.com': [us] }),
    'defer',
  ],
  ['a domain that DNS denies: it waits', facts('nxdomain', {}), 'defer'],
  ['a null MX: it waits', facts(['0 '], {}), 'defer'],
  [
    'no MX and an address of another: it is the primary',
    facts('nodata', { 'example.com': [primary] }),
    `example.com=${primary}`,
  ],
  ['no MX and our own address: it waits', facts('nodata', { 'example.com': [us] }), 'defer'],
  ['DNS is silent: it waits', facts('temperror', {}), 'defer'],
];
for (const [sentence, given, expected] of rows)
  test(`backup by MX: ${sentence}`, () =>
    assert.equal(shown(decideBackupByMx(given, ours, () => 0)), expected));

const lists: [string, readonly string[], string][] = [
  ['the hosts of deliver_to in their order', [primary, other], `${primary}=${primary} ${other}=${other}`],
  ['ourselves is passed over', [us, primary], `${primary}=${primary}`],
  ['only ourselves: it waits', [us], 'defer'],
];
for (const [sentence, addresses, expected] of lists)
  test(`backup by deliver_to: ${sentence}`, () => {
    const domain = {
      ...primaryDomain('example.com', primary),
      role: 'backup' as const,
      deliverTo: addresses.map(address => ({ address, port: 25, xclient: false })),
    };
    assert.equal(shown(decideBackupByList(domain, ours)), expected);
  });

test('backup by deliver_to: another port of this host is another server', () => {
  const domain = {
    ...primaryDomain('example.com', us, 2525),
    role: 'backup' as const,
  };
  assert.equal(shown(decideBackupByList(domain, ours)), `${us}=${us}`);
});
