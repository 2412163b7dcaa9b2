import assert from 'node:assert/strict';
import test from 'node:test';
import { configurationText } from './configuration-text.ts';
import { type InitAnswers, type Proposal, propose } from './propose.ts';
import type { FoundAddress, Surroundings } from './surroundings.ts';

const address = (of: string, device: string, more: Partial<FoundAddress> = {}): FoundAddress => ({
  address: of,
  interface: device,
  family: 4,
  scope: 'public',
  leavesBy: device,
  names: [],
  ...more,
});

const host: Surroundings = {
  hostname: 'mail.example.com',
  addresses: [
    address('198.51.100.30', 'eth1', { names: ['mail.example.com'] }),
    address('203.0.113.40', 'eth2', { names: ['mail2.example.com'] }),
    address('10.20.0.2', 'eth0', { scope: 'private', leavesBy: null }),
  ],
  domains: ['example.com'],
  mx: [],
  spf: null,
  postfix: null,
};

function proposal(found: Partial<Surroundings> = {}, said: InitAnswers = {}): Proposal {
  const proposed = propose({ ...host, ...found }, said);
  assert.ok(proposed.ok, proposed.ok ? '' : proposed.error);
  return proposed.value;
}

test('init: two uplinks with names of their own are layout B, and the private address is the inside', () => {
  const { layout, uplinks, inside } = proposal();
  assert.equal(layout, 'B');
  assert.deepEqual(
    uplinks.map(({ name, address: of, ehlo }) => `${name} ${of} ${ehlo}`),
    ['isp1 198.51.100.30 mail.example.com', 'isp2 203.0.113.40 mail2.example.com'],
  );
  assert.equal(inside, '10.20.0.2');
});

test('init: two PTRs of one name are layout A, with one EHLO name', () => {
  const addresses = host.addresses.map(each =>
    each.scope === 'public' ? { ...each, names: ['mail.example.com'] } : each,
  );
  const { layout, uplinks } = proposal({ addresses });
  assert.equal(layout, 'A');
  assert.deepEqual(
    uplinks.map(({ ehlo }) => ehlo),
    ['mail.example.com', 'mail.example.com'],
  );
});

test('init: uplinks that were said without an EHLO name say the name that the host has by its Postfix', () => {
  const postfix = { hostname: 'post.example.com', domains: [], networks: [] };
  const said = ['198.51.100.30', '203.0.113.40'].map((of, place) => ({
    name: `isp${place + 1}`,
    address: of,
    publicAddress: null,
    ehlo: '',
  }));
  const { uplinks } = proposal({ hostname: null, postfix }, { uplinks: said });
  assert.deepEqual(
    uplinks.map(({ ehlo }) => ehlo),
    ['post.example.com', 'post2.example.com'],
  );
});

test('init: a better MX elsewhere makes this host a backup, layout C', () => {
  const mx = [
    { preference: 10, exchange: 'mx1.example.com', addresses: ['192.0.2.1'] },
    { preference: 50, exchange: 'mx9.example.com', addresses: ['198.51.100.30'] },
  ];
  const found = proposal({ mx });
  assert.equal(found.layout, 'C');
  assert.match(configurationText(found), /- \{ name: example\.com, role: backup, recipients: callout \}/);
});

test('init: a host without an MX of its own yet is no backup', () => {
  assert.equal(
    proposal({ mx: [{ preference: 10, exchange: 'mx.host.example', addresses: ['192.0.2.1'] }] }).isBackup,
    false,
  );
});

test('init: what Postfix says of itself is believed', () => {
  const postfix = { hostname: 'mx.example.org', domains: ['example.org'], networks: ['10.20.0.0/24'] };
  const { hostname, networks } = proposal({ hostname: null, postfix });
  assert.equal(hostname, 'mx.example.org');
  assert.deepEqual(networks, ['10.20.0.0/24']);
});

test('init: a worse MX of ours before a backup elsewhere does not make this host a backup, in any order', () => {
  const mx = [
    { preference: 30, exchange: 'mx2.example.com', addresses: ['203.0.113.40'] },
    { preference: 20, exchange: 'backup.example.com', addresses: ['192.0.2.1'] },
    { preference: 10, exchange: 'mx1.example.com', addresses: ['198.51.100.30'] },
  ];
  assert.equal(proposal({ mx }).isBackup, false);
  assert.equal(proposal({ mx: mx.toReversed() }).isBackup, false);
  assert.equal(proposal({ mx: mx.slice(0, 2) }).isBackup, true);
});

test('init: an interface has one way out, and an address behind NAT asks for its public one', () => {
  const addresses = [
    address('198.51.100.30', 'eth1'),
    address('198.51.100.31', 'eth1'),
    address('10.20.2.2', 'eth2', { scope: 'private' }),
  ];
  const found = proposal({ addresses });
  assert.equal(found.uplinks.length, 2);
  assert.match(configurationText(found), /address: 10\.20\.2\.2 \}\] {3}# behind NAT: add public/);
});

test('init: what the operator says comes before what was found', () => {
  const uplinks = [{ name: 'dsl', address: '192.0.2.1', publicAddress: null, ehlo: 'out.example.net' }];
  const found = proposal(
    {},
    {
      uplinks,
      domains: ['example.net'],
      hostname: 'out.example.net',
      store: '10.20.0.10:25',
      networks: ['10.0.0.0/8'],
    },
  );
  assert.deepEqual(found.uplinks, uplinks);
  assert.match(configurationText(found), /deliver_to: \["10\.20\.0\.10:25"\]/);
  assert.match(configurationText(found), /from_networks: \[10\.0\.0\.0\/8\]/);
});

const saidUplink = (name: string, of: string, ehlo: string) => ({
  name,
  address: of,
  publicAddress: null,
  ehlo,
});

test('init: one EHLO name said for all uplinks is layout A', () => {
  const uplinks = [
    saidUplink('isp1', '198.51.100.30', 'mail.example.com'),
    saidUplink('isp2', '203.0.113.40', 'mail.example.com'),
  ];
  const { layout, reason } = proposal({ addresses: [] }, { uplinks });
  assert.equal(layout, 'A');
  assert.match(reason, /^All uplinks say mail\.example\.com/);
});

test('init: a backup receives under its own name, and no better MX is claimed that nobody saw', () => {
  const uplinks = [saidUplink('isp3', '192.0.2.30', 'backup.example.com')];
  const found = proposal({}, { hostname: 'backup.example.com', uplinks, backup: true });
  assert.equal(found.layout, 'C');
  assert.match(found.reason, /^This host is the backup of example\.com/);
  assert.match(configurationText(found), /"192\.0\.2\.30:25", role: mx, name: backup\.example\.com \}/);
});

test('init: a listener has the name by which an MX leads to it today', () => {
  const mx = [{ preference: 10, exchange: 'mail.example.com', addresses: ['198.51.100.30'] }];
  assert.deepEqual(proposal({ mx }).doors, ['mail.example.com', 'mx2.example.com']);
  assert.match(
    configurationText(proposal({ mx })),
    /"198\.51\.100\.30:25", role: mx, name: mail\.example\.com \}/,
  );
});

test('init: behind NAT the addresses that SPF names and the host lacks are shown', () => {
  const addresses = [address('10.20.2.2', 'eth2', { scope: 'private' }), address('198.51.100.30', 'eth1')];
  const spf = 'v=spf1 ip4:198.51.100.30 +ip4:203.0.113.40/32 ip4:192.0.2.0/24 -all';
  assert.match(
    configurationText(proposal({ addresses, spf })),
    /10\.20\.2\.2 \}\] {3}# behind NAT: add public: \(what the world sees; SPF names 203\.0\.113\.40\)\n/,
  );
});

const refusals: [string, Partial<Surroundings>, RegExp][] = [
  ['no name', { hostname: null }, /--hostname/],
  ['no address', { addresses: [] }, /--uplink/],
];
for (const [sentence, found, flag] of refusals)
  test(`init: ${sentence} is told with the flag to give`, () => {
    const proposed = propose({ ...host, ...found }, {});
    assert.ok(!proposed.ok);
    assert.match(proposed.error, flag);
  });
