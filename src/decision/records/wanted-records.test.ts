import assert from 'node:assert/strict';
import test from 'node:test';
import { plainUplink, primaryDomain } from '../../../test/settings.ts';
import type { ListenerSetting } from '../admission/listener.ts';
import type { UplinkSetting } from '../egress/egress.ts';
import { compareRecords, type LiveAnswer, liveKey } from './compare.ts';
import { reverseName } from './reverse-name.ts';
import type { WantedRecord } from './wanted-record.ts';
import { type RecordFacts, wantedRecords } from './wanted-records.ts';

function uplink(
  name: string,
  preference: number,
  ehlo: string,
  address: string,
  publicAddress: string | null = null,
): UplinkSetting {
  const family = address.includes(':') ? 6 : 4;
  const egress = {
    id: `${name}/${address}`,
    uplink: name,
    ehlo,
    family,
    address,
    interface: null,
    publicAddress,
  } as const;
  const health = { intervalMs: 1, suspectIntervalMs: 1, timeoutMs: 1, proveMs: 1 };
  return { name, preference, weight: 1, egresses: [egress], dns: [], probe: [], health, ...plainUplink };
}

function door(name: string, address: string, publicAddress: string | null = null): ListenerSetting {
  return {
    address,
    port: 25,
    role: 'mx',
    name,
    publicAddress,
    bareNewline: 'refuse',
    allowPublic: false,
    tls: null,
  };
}

const layoutB: RecordFacts = {
  uplinks: [
    uplink('isp1', 10, 'mail.example.com', '198.51.100.30'),
    uplink('isp2', 20, 'mail2.example.com', '10.20.2.2', '203.0.113.40'),
  ],
  listeners: [
    door('mx1.example.com', '198.51.100.30'),
    door('mx2.example.com', '10.20.2.2', '203.0.113.40'),
    { ...door('mail.example.com', '10.20.0.2'), role: 'relay' },
  ],
  domains: [primaryDomain('example.com', '10.20.0.10')],
  routes: [],
  interfaceAddresses: new Map(),
  keyDigests: new Map(),
};
const layoutA: RecordFacts = {
  ...layoutB,
  uplinks: [
    uplink('isp1', 10, 'mail.example.com', '198.51.100.30'),
    uplink('isp2', 20, 'mail.example.com', '203.0.113.40'),
  ],
};

const lines = (facts: RecordFacts, weight: 'needed' | 'advised'): string[] =>
  wantedRecords(facts)
    .records.filter(record => record.weight === weight)
    .map(({ name, type, data }) => `${name} ${type} ${data}`);

const needed: [string, RecordFacts, string[]][] = [
  [
    'names of their own, one behind NAT',
    layoutB,
    [
      'mail.example.com A 198.51.100.30',
      'mail2.example.com A 203.0.113.40',
      'mx1.example.com A 198.51.100.30',
      'mx2.example.com A 203.0.113.40',
      '30.100.51.198.in-addr.arpa PTR mail.example.com.',
      '40.113.0.203.in-addr.arpa PTR mail2.example.com.',
      'example.com MX 10 mx1.example.com.',
      'example.com MX 20 mx2.example.com.',
      'example.com TXT v=spf1 ip4:198.51.100.30 ip4:203.0.113.40 -all',
    ],
  ],
  [
    'one shared name leads to both addresses',
    { ...layoutA, listeners: [] },
    [
      'mail.example.com A 198.51.100.30',
      'mail.example.com A 203.0.113.40',
      '30.100.51.198.in-addr.arpa PTR mail.example.com.',
      '40.113.0.203.in-addr.arpa PTR mail.example.com.',
      'example.com TXT v=spf1 ip4:198.51.100.30 ip4:203.0.113.40 -all',
    ],
  ],
  [
    'a backup is an MX after the primary, and speaks for nobody',
    { ...layoutB, uplinks: [], domains: [{ ...primaryDomain('example.com', '10.20.0.10'), role: 'backup' }] },
    [
      'mx1.example.com A 198.51.100.30',
      'mx2.example.com A 203.0.113.40',
      'example.com MX 110 mx1.example.com.',
      'example.com MX 110 mx2.example.com.',
    ],
  ],
  [
    'IPv6',
    { ...layoutB, listeners: [], uplinks: [uplink('isp1', 10, 'mail.example.com', '2001:db8:1::30')] },
    [
      'mail.example.com AAAA 2001:db8:1::30',
      '0.3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR mail.example.com.',
      'example.com TXT v=spf1 ip6:2001:db8:1::30 -all',
    ],
  ],
];
for (const [sentence, facts, expected] of needed)
  test(`records: ${sentence}`, () => assert.deepEqual(lines(facts, 'needed'), expected));

test('records: a listener with a key has TLSA, and a policy where all listeners have one', () => {
  const one = { ...layoutB, keyDigests: new Map([['198.51.100.30:25', 'ab'.repeat(32)]]) };
  assert.ok(lines(one, 'advised').includes(`_25._tcp.mx1.example.com TLSA 3 1 1 ${'ab'.repeat(32)}`));
  assert.equal(wantedRecords(one).policies.size, 0);
  const both = { ...layoutB, keyDigests: new Map([...one.keyDigests, ['10.20.2.2:25', 'cd'.repeat(32)]]) };
  const policy = wantedRecords(both).policies.get('mta-sts.example.com') ?? '';
  assert.match(policy, /^version: STSv1\r\nmode: testing\r\nmx: mx1.example.com\r\nmx: mx2.example.com\r\n/);
});

test('records: what cannot be told is said', () => {
  const [isp1, isp2] = layoutB.uplinks;
  assert.ok(isp1 !== undefined && isp2 !== undefined);
  const dynamic = {
    ...isp2,
    egresses: isp2.egresses.map(egress => ({
      ...egress,
      address: null,
      publicAddress: null,
      interface: 'ppp0',
    })),
  };
  const smart = {
    ...isp1,
    smartHost: { host: 'smtp.isp1.example', port: 587, tls: 'verify', login: null } as const,
  };
  const { notes } = wantedRecords({ ...layoutB, uplinks: [smart, dynamic] });
  assert.match(notes.join('\n'), /when ppp0 is up/);
  assert.match(notes.join('\n'), /through smtp\.isp1\.example/);
});

test('records: two names for one address are told of', () => {
  const uplinks = [
    uplink('isp1', 10, 'a.example.com', '10.0.0.1', '198.51.100.30'),
    uplink('isp2', 20, 'b.example.com', '10.0.0.2', '198.51.100.30'),
  ];
  const { notes, records } = wantedRecords({ ...layoutB, uplinks });
  assert.match(notes.join('\n'), /give both one EHLO name/);
  assert.equal(records.filter(({ type }) => type === 'PTR').length, 1);
});

const wanted: WantedRecord[] = [
  { name: 'example.com', type: 'MX', data: '10 mx1.example.com.' },
  { name: 'example.com', type: 'MX', data: '20 mx2.example.com.' },
  { name: 'example.com', type: 'TXT', data: 'v=spf1 ip4:198.51.100.30 ip4:203.0.113.40 -all' },
  { name: 'mail.example.com', type: 'A', data: '198.51.100.30' },
].map(record => ({ ...record, ttlS: 1, zone: '', setBy: 'you', weight: 'needed', why: '' }) as WantedRecord);

const spf = 'v=spf1 ip4:198.51.100.30 ip4:203.0.113.40 -all';
const sound: Record<string, string[] | null> = {
  'example.com MX': ['10 mx1.example.com.', '20 mx2.example.com.'],
  'example.com TXT': ['unrelated', spf],
  'mail.example.com A': ['198.51.100.30'],
};
const compared: [string, Record<string, string[] | null>, string, string[]][] = [
  ['all is right', {}, 'right right right right', []],
  ['no answer is not a missing record', { 'mail.example.com A': null }, 'right right right unknown', []],
  [
    'one of two MX is missing',
    { 'example.com MX': ['10 mx1.example.com.'] },
    'right missing right right',
    [],
  ],
  [
    'an MX with another preference is wrong',
    { 'example.com MX': ['10 mx1.example.com.', '5 mx2.example.com.'] },
    'right wrong right right',
    [],
  ],
  [
    'an MX that leads elsewhere is extra',
    { 'example.com MX': ['10 mx1.example.com.', '20 mx2.example.com.', '30 old.example.com.'] },
    'right right right right',
    ['example.com MX 30 old.example.com.'],
  ],
  [
    'SPF in another order, with defaults written out, is the same',
    { 'example.com TXT': ['v=spf1 +ip4:203.0.113.40/32 +ip4:198.51.100.30/32 -all'] },
    'right right right right',
    [],
  ],
  [
    'SPF without an uplink is wrong',
    { 'example.com TXT': ['v=spf1 ip4:198.51.100.30 -all'] },
    'right right wrong right',
    [],
  ],
  [
    'two SPF records are one too many',
    { 'example.com TXT': [spf, 'v=spf1 mx -all'] },
    'right right right right',
    ['example.com TXT v=spf1 mx -all'],
  ],
  ['only unrelated texts are there', { 'example.com TXT': ['unrelated'] }, 'right right missing right', []],
  ['another address is wrong', { 'mail.example.com A': ['192.0.2.1'] }, 'right right right wrong', []],
  [
    'a second address is extra',
    { 'mail.example.com A': ['198.51.100.30', '192.0.2.1'] },
    'right right right right',
    ['mail.example.com A 192.0.2.1'],
  ],
];
for (const [sentence, changed, states, extra] of compared) {
  test(`records beside the live ones: ${sentence}`, () => {
    const live = new Map<string, LiveAnswer>();
    for (const [key, data] of Object.entries({ ...sound, ...changed }))
      live.set(key, data === null ? { kind: 'unknown', reason: 'silence' } : { kind: 'records', data });
    for (const record of wanted) if (!live.has(liveKey(record))) live.set(liveKey(record), { kind: 'none' });
    const comparison = compareRecords(wanted, live);
    assert.equal(comparison.records.map(({ state }) => state).join(' '), states);
    assert.deepEqual(
      comparison.extra.map(({ name, type, data }) => `${name} ${type} ${data}`),
      extra,
    );
  });
}

test('the reverse name of an address', () => {
  assert.deepEqual(reverseName('198.51.100.30'), {
    name: '30.100.51.198.in-addr.arpa',
    zone: '100.51.198.in-addr.arpa',
  });
  assert.equal(reverseName('2001:db8::1').zone, '0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa');
});
