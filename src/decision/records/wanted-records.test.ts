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
  dkimSigners: [],
  backupMx: [],
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
    'a backup elsewhere comes after every door of ours',
    { ...layoutB, uplinks: [], backupMx: ['backup.example.com'] },
    [
      'mx1.example.com A 198.51.100.30',
      'mx2.example.com A 203.0.113.40',
      'example.com MX 10 mx1.example.com.',
      'example.com MX 10 mx2.example.com.',
      'example.com MX 110 backup.example.com.',
      'example.com TXT v=spf1 -all',
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

const rsa = { type: 'rsa', data: 'MIIBIjANBg+/=' } as const;
const ed25519 = { type: 'ed25519', data: 'Nzx9=' } as const;
const twoDomains = [primaryDomain('example.com', '10.20.0.10'), primaryDomain('example.org', '10.20.0.10')];
const backup = { ...primaryDomain('example.net', '10.20.0.10'), role: 'backup' } as const;
const signed: [string, Partial<RecordFacts>, string[]][] = [
  [
    'a selector stands below each primary domain',
    { domains: [...twoDomains, backup], dkimSigners: [{ selector: 's1', domain: null, key: rsa }] },
    [
      's1._domainkey.example.com TXT v=DKIM1; k=rsa; p=MIIBIjANBg+/=',
      's1._domainkey.example.org TXT v=DKIM1; k=rsa; p=MIIBIjANBg+/=',
    ],
  ],
  [
    'a domain may have a key of its own, and two selectors',
    {
      domains: twoDomains,
      dkimSigners: [
        { selector: 's1', domain: null, key: rsa },
        { selector: 's1', domain: 'example.org', key: ed25519 },
        { selector: 's2', domain: 'news.example.com', key: ed25519 },
      ],
    },
    [
      's1._domainkey.example.com TXT v=DKIM1; k=rsa; p=MIIBIjANBg+/=',
      's1._domainkey.example.org TXT v=DKIM1; k=ed25519; p=Nzx9=',
      's2._domainkey.news.example.com TXT v=DKIM1; k=ed25519; p=Nzx9=',
    ],
  ],
];
for (const [sentence, facts, expected] of signed)
  test(`records of DKIM: ${sentence}`, () => {
    const of = { ...layoutB, ...facts };
    assert.deepEqual(
      lines(of, 'needed').filter(line => line.includes('_domainkey')),
      expected,
    );
    assert.doesNotMatch(wantedRecords(of).notes.join('\n'), /DKIM/);
  });

test('records of DKIM: without a selector its absence is told, but not to a backup', () => {
  assert.match(wantedRecords(layoutB).notes.join('\n'), /DKIM is not covered.*--selector s1=/);
  assert.doesNotMatch(wantedRecords({ ...layoutB, domains: [backup] }).notes.join('\n'), /DKIM/);
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

const asBackup: RecordFacts = { ...layoutB, uplinks: [], domains: [backup] };
const withBackup: RecordFacts = { ...layoutB, backupMx: ['backup.example.com'] };
const mxSets: [string, RecordFacts, string[], string, string[]][] = [
  [
    'beside the primary, a backup is right with any larger number',
    { ...asBackup, listeners: asBackup.listeners.slice(0, 1) },
    ['10 mx.example.net.', '50 mx1.example.com.'],
    'right',
    [],
  ],
  [
    'a backup that the owner has not named is missing, and his hosts are not in its place',
    { ...asBackup, listeners: asBackup.listeners.slice(0, 1) },
    ['10 mx.example.net.', '20 other.example.net.'],
    'missing',
    [],
  ],
  [
    'a backup as good as the primary is wrong',
    { ...asBackup, listeners: asBackup.listeners.slice(0, 1) },
    ['10 mx.example.net.', '10 mx1.example.com.'],
    'wrong',
    [],
  ],
  [
    'a backup elsewhere that was named is no extra',
    withBackup,
    ['10 mx1.example.com.', '20 mx2.example.com.', '30 backup.example.com.'],
    'right right right',
    [],
  ],
  [
    'a backup elsewhere that comes first is wrong',
    withBackup,
    ['10 mx1.example.com.', '20 mx2.example.com.', '5 backup.example.com.'],
    'right right wrong',
    [],
  ],
  [
    'beside a backup that was named another is extra',
    withBackup,
    ['10 mx1.example.com.', '20 mx2.example.com.', '30 backup.example.com.', '40 old.example.com.'],
    'right right right',
    ['40 old.example.com.'],
  ],
];
for (const [sentence, facts, data, states, extra] of mxSets)
  test(`MX records beside the live ones: ${sentence}`, () => {
    const { records } = wantedRecords(facts);
    const mx = records.filter(({ type }) => type === 'MX');
    const live = new Map(mx.map(record => [liveKey(record), { kind: 'records', data } as const]));
    const comparison = compareRecords(mx, live);
    assert.equal(comparison.records.map(({ state }) => state).join(' '), states);
    assert.deepEqual(
      comparison.extra.map(each => each.data),
      extra,
    );
  });

const ownKey = 'v=DKIM1; k=rsa; p=MIIBIjANBg+/=';
const keys: [string, string[], string, RegExp | null][] = [
  ['the same', [ownKey], 'right', null],
  [
    'other spaces, a note and a testing flag',
    ['v=DKIM1;t=y; n=ours; p=MIIB IjAN\tBg+/= ; k=RSA;'],
    'right',
    null,
  ],
  ['without v= and k=, whose default is rsa', ['p=MIIBIjANBg+/='], 'right', null],
  ['another key', ['v=DKIM1; k=rsa; p=MIIBother'], 'wrong', /another key/],
  ['the key under another algorithm', ['v=DKIM1; k=ed25519; p=MIIBIjANBg+/='], 'wrong', /another key/],
  ['a revoked key', ['v=DKIM1; p='], 'wrong', /revoked/],
  ['a text without a key', ['v=spf1 -all'], 'wrong', /v=DKIM1/],
  ['nothing that has tags', ['hello'], 'wrong', /no p=/],
  ['a version that is not first', ['k=rsa; v=DKIM1; p=MIIBIjANBg+/='], 'wrong', /begins with v=DKIM1/],
  ['a key for sha1 only', ['v=DKIM1; h=sha1; p=MIIBIjANBg+/='], 'wrong', /h= leaves out sha256/],
  ['a key for both', ['v=DKIM1; h=sha1:sha256; p=MIIBIjANBg+/='], 'right', null],
  ['a key for other services', ['v=DKIM1; s=other; p=MIIBIjANBg+/='], 'wrong', /s= leaves out email/],
  ['nothing', [], 'missing', null],
];
for (const [sentence, data, state, reason] of keys)
  test(`a DKIM key beside the live one, which is ${sentence}`, () => {
    const { records } = wantedRecords({
      ...layoutB,
      dkimSigners: [{ selector: 's1', domain: null, key: rsa }],
    });
    const record = records.filter(({ name }) => name.startsWith('s1.'));
    const [compared] = compareRecords(
      record,
      new Map([
        ['s1._domainkey.example.com TXT', data.length === 0 ? { kind: 'none' } : { kind: 'records', data }],
      ]),
    ).records;
    assert.equal(compared?.state, state);
    if (reason === null) assert.equal(compared?.reason, null);
    else assert.match(compared?.reason ?? '', reason);
  });

test('a second DKIM key under one selector is extra', () => {
  const { records } = wantedRecords({
    ...layoutB,
    dkimSigners: [{ selector: 's1', domain: null, key: rsa }],
  });
  const { extra } = compareRecords(
    records.filter(({ name }) => name.startsWith('s1.')),
    new Map([['s1._domainkey.example.com TXT', { kind: 'records', data: [ownKey, 'v=DKIM1; p='] }]]),
  );
  assert.deepEqual(
    extra.map(({ data, why }) => `${data}: ${why}`),
    ['v=DKIM1; p=: A selector has one key; of several, receivers take any (RFC 6376 section 3.6.2.2).'],
  );
});

test('the reverse name of an address', () => {
  assert.deepEqual(reverseName('198.51.100.30'), {
    name: '30.100.51.198.in-addr.arpa',
    zone: '100.51.198.in-addr.arpa',
  });
  assert.equal(reverseName('2001:db8::1').zone, '0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa');
});
