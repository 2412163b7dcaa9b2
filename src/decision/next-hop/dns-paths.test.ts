import assert from 'node:assert/strict';
import test from 'node:test';
import { plainUplink } from '../../../test/settings.ts';
import type { Family, UplinkSetting } from '../egress/egress.ts';
import type { EgressSnapshot, EgressState, EgressView } from '../egress/health-state.ts';
import { dnsServersOf, maxPaths, orderDnsPaths } from './dns-paths.ts';
import type { DnsServerSetting } from './dns-server.ts';

function egress(uplink: string, preference: number, state: EgressState, source: string): EgressView {
  const family: Family = source.includes(':') ? 6 : 4;
  const id = `${uplink}/${source}`;
  return {
    id,
    uplink,
    state,
    since: 0,
    reason: '',
    fit: 'unknown',
    preference,
    weight: 1,
    family,
    egress: { kind: 'uplink', id, uplink, family, source, publicAddress: source, ehlo: 'mail.example.com' },
  };
}

const one = '198.51.100.30';
const two = '203.0.113.40';

function snapshot(first: EgressState, second: EgressState): EgressSnapshot {
  return { version: 1, egresses: [egress('isp2', 20, second, two), egress('isp1', 10, first, one)] };
}

function server(address: string, uplink: string | null = null): DnsServerSetting {
  return { address, port: 53, uplink, trustAd: false };
}

const anyone = server('192.0.2.53');
const other = server('192.0.2.54');
const own = [server('198.51.100.53', 'isp1'), server('203.0.113.53', 'isp2')];

type Row = [
  sentence: string,
  servers: readonly DnsServerSetting[],
  egresses: EgressSnapshot,
  silent: readonly string[],
  good: string | null,
  expected: readonly string[],
];
const rows: Row[] = [
  [
    'a server of all is asked from each egress, the preferred first',
    [anyone],
    snapshot('up', 'up'),
    [],
    null,
    [`${one}>192.0.2.53`, `${two}>192.0.2.53`],
  ],
  [
    'neighbours use different uplinks',
    [anyone, other],
    snapshot('unknown', 'up'),
    [],
    null,
    [`${one}>192.0.2.53`, `${two}>192.0.2.53`, `${one}>192.0.2.54`, `${two}>192.0.2.54`],
  ],
  [
    'a dead egress comes last',
    [anyone, other],
    snapshot('down', 'up'),
    [],
    null,
    [`${two}>192.0.2.53`, `${two}>192.0.2.54`, `${one}>192.0.2.53`, `${one}>192.0.2.54`],
  ],
  [
    'a degraded egress comes before a dead one',
    [anyone],
    snapshot('down', 'degraded'),
    [],
    null,
    [`${two}>192.0.2.53`, `${one}>192.0.2.53`],
  ],
  [
    'an uplink’s own is asked through that uplink only',
    own,
    snapshot('up', 'up'),
    [],
    null,
    [`${one}>198.51.100.53`, `${two}>203.0.113.53`],
  ],
  ['loopback is asked unbound', [server('127.0.0.1')], snapshot('up', 'up'), [], null, ['null>127.0.0.1']],
  [
    'loopback that belongs to an uplink is asked from it',
    [server('127.0.0.53', 'isp2')],
    snapshot('up', 'up'),
    [],
    null,
    [`${two}>127.0.0.53`],
  ],
  [
    'loopback comes even where every egress is down',
    [server('127.0.0.1'), anyone],
    snapshot('down', 'down'),
    [],
    null,
    ['null>127.0.0.1', `${one}>192.0.2.53`, `${two}>192.0.2.53`],
  ],
  [
    'a way without an answer lately comes after the others',
    own,
    snapshot('up', 'up'),
    [`isp1/${one}>198.51.100.53:53`],
    null,
    [`${two}>203.0.113.53`, `${one}>198.51.100.53`],
  ],
  [
    'the way that answered last comes first',
    own,
    snapshot('up', 'up'),
    [],
    `isp2/${two}>203.0.113.53:53`,
    [`${two}>203.0.113.53`, `${one}>198.51.100.53`],
  ],
  [
    'but not once its egress is down',
    own,
    snapshot('up', 'down'),
    [],
    `isp2/${two}>203.0.113.53:53`,
    [`${one}>198.51.100.53`, `${two}>203.0.113.53`],
  ],
  [
    'where no egress is configured every server is asked unbound',
    [anyone],
    { version: 1, egresses: [] },
    [],
    null,
    ['null>192.0.2.53'],
  ],
  [
    'a server of a family without an egress is not asked',
    [server('2001:db8::53')],
    snapshot('up', 'up'),
    [],
    null,
    [],
  ],
];
for (const [sentence, servers, egresses, silent, lastGood, expected] of rows) {
  test(`ways to ask DNS: ${sentence}`, () => {
    const history = { lastGood, isSilent: (key: string): boolean => silent.includes(key) };
    const paths = orderDnsPaths(servers, egresses, history);
    assert.deepEqual(
      paths.map(path => `${path.source}>${path.server.address}`),
      expected,
    );
  });
}

test('ways to ask DNS: an egress whose address is absent is left out, and there is a limit', () => {
  const absent = { ...egress('isp1', 10, 'down', one), egress: null };
  const history = { lastGood: null, isSilent: (): boolean => false };
  const up = { version: 1, egresses: [absent, egress('isp2', 20, 'up', two)] };
  const many = Array.from({ length: 20 }, (_, n) => server(`192.0.2.${n + 1}`));
  const paths = orderDnsPaths(many, up, history);
  assert.equal(paths.length, maxPaths);
  assert.ok(paths.every(path => path.source === two));
});

function uplink(name: string, ...servers: [address: string, port: number][]): UplinkSetting {
  const dns = servers.map(([address, port]) => ({ address, port }));
  const health = { intervalMs: 1, suspectIntervalMs: 1, timeoutMs: 1, proveMs: 1 };
  return { name, preference: 10, weight: 1, egresses: [], dns, probe: [], health, ...plainUplink };
}

const system = [server('127.0.0.53')];
const choices: [string, readonly DnsServerSetting[], readonly UplinkSetting[], string][] = [
  [
    'the configured ones before the uplinks’ own',
    [anyone],
    [uplink('isp1', ['198.51.100.53', 53])],
    '192.0.2.53:53 198.51.100.53:53@isp1',
  ],
  ['the system’s where nothing is configured', [], [uplink('isp1')], '127.0.0.53:53'],
  [
    'the system’s where one uplink has none of its own',
    [],
    [uplink('isp1', ['198.51.100.53', 53]), uplink('isp2')],
    '198.51.100.53:53@isp1 127.0.0.53:53',
  ],
  [
    'only their own where each uplink has some',
    [],
    [uplink('isp1', ['198.51.100.53', 5353]), uplink('isp2', ['203.0.113.53', 53])],
    '198.51.100.53:5353@isp1 203.0.113.53:53@isp2',
  ],
];
for (const [sentence, configured, uplinks, expected] of choices) {
  test(`resolvers: ${sentence}`, () => {
    const servers = dnsServersOf(configured, uplinks, system);
    const text = servers.map(
      each => `${each.address}:${each.port}${each.uplink === null ? '' : `@${each.uplink}`}`,
    );
    assert.equal(text.join(' '), expected);
  });
}
