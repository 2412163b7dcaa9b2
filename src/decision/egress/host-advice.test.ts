import assert from 'node:assert/strict';
import test from 'node:test';
import type { EgressSetting } from './egress.ts';
import { hostAdvice, type PresentAddress, presentAddress, type RouteOfSource } from './host-advice.ts';

const setting: EgressSetting = {
  id: 'isp1/198.51.100.30',
  uplink: 'isp1',
  ehlo: 'mail.example.com',
  family: 4,
  address: '198.51.100.30',
  interface: null,
  publicAddress: null,
};
const present: PresentAddress = { interface: 'eth1', address: '198.51.100.30', family: 4, temporary: false };
const right: RouteOfSource = {
  interface: 'eth1',
  device: 'eth1',
  gateway: '198.51.100.1',
  ruled: true,
  table: '101',
  fallback: true,
  unreachable: false,
  fellThrough: false,
};
const ppp: EgressSetting = { ...setting, id: 'isp1/ppp0', address: null, interface: 'ppp0' };
const v6: PresentAddress = { interface: 'eth1', address: '2001:db8::30', family: 6, temporary: false };
const unreachable = 'ip route add unreachable default metric 4278198272 table 101';
const byGateway = 'ip route add default via 198.51.100.1 dev eth1 table 101';
const byUnknown = 'ip route add default via GATEWAY dev eth1 table 101';
const rule = 'ip rule add from 198.51.100.30 lookup 101';

const rows: [string, EgressSetting, PresentAddress | null, RouteOfSource | null, string, RegExp, string[]][] =
  [
    ['all is as it should be', setting, present, right, 'sound', /^$/, []],
    ['the host cannot tell its routes', setting, present, null, 'sound', /^$/, []],
    [
      'loopback needs no rule',
      setting,
      { ...present, address: '127.0.0.2' },
      { ...right, ruled: false },
      'sound',
      /^$/,
      [],
    ],
    [
      'the address is absent',
      setting,
      null,
      null,
      'address absent',
      /198\.51\.100\.30.*isp1.*not on this host/,
      ['ip address add 198.51.100.30/24 dev INTERFACE'],
    ],
    [
      'the interface has no address',
      ppp,
      null,
      null,
      'address absent',
      /ppp0 of uplink isp1 has no IPv4 address/,
      [],
    ],
    [
      'the address is there, its link is down',
      setting,
      null,
      right,
      'link down',
      /eth1.*is down/,
      ['ip link set eth1 up'],
    ],
    [
      'no rule for the source',
      setting,
      present,
      { ...right, ruled: false, table: null, fallback: false },
      'sound',
      /no rule of its own: when eth1 loses/,
      [byGateway, unreachable, rule],
    ],
    [
      'no rule, and packets leave by the other interface',
      setting,
      present,
      { ...right, ruled: false, table: null, fallback: false, device: 'eth2', gateway: '203.0.113.1' },
      'sound',
      /leave by eth2, although eth1 has/,
      [byUnknown, unreachable, rule],
    ],
    [
      'no unreachable default',
      setting,
      present,
      { ...right, fallback: false },
      'sound',
      /a source of uplink isp1, has no unreachable default/,
      [unreachable],
    ],
    [
      'the routing says unreachable',
      setting,
      present,
      { ...right, device: null, gateway: null, unreachable: true },
      'no route',
      /no route to the world/,
      [byUnknown],
    ],
    [
      'the rule’s table is empty',
      setting,
      present,
      { ...right, device: 'eth2', fallback: false, fellThrough: true },
      'no route',
      /table it leads to has no route/,
      [byUnknown, unreachable],
    ],
    [
      'the address is on an interface that carries nothing, by design',
      setting,
      { ...present, interface: 'dummy0' },
      right,
      'sound',
      /^$/,
      [],
    ],
    [
      'the same without a rule: the lines name the device that its packets leave by',
      setting,
      { ...present, interface: 'dummy0' },
      { ...right, ruled: false, table: null, fallback: false },
      'sound',
      /no rule of its own: when eth1 loses/,
      [byGateway, unreachable, rule],
    ],
    [
      'the rule leads to the table of the other uplink',
      setting,
      present,
      { ...right, table: '102', device: 'eth2', gateway: '203.0.113.1' },
      'sound',
      /table 102 sends its packets by eth2, although eth1 has/,
      [byUnknown, unreachable, rule, 'ip rule del from 198.51.100.30 lookup 102'],
    ],
    [
      'the route in its own table is another’s',
      setting,
      present,
      { ...right, device: 'eth2', gateway: '203.0.113.1' },
      'sound',
      /table 101 sends its packets by eth2/,
      ['ip route replace default via GATEWAY dev eth1 table 101'],
    ],
  ];

for (const [sentence, given, address, route, condition, message, commands] of rows) {
  test(`host advice: ${sentence}`, () => {
    const advice = hostAdvice(given, address, route);
    assert.equal(advice.condition, condition);
    assert.match(advice.message, message);
    assert.deepEqual(advice.commands, commands);
  });
}

test('host advice: IPv6 lines say so', () => {
  const advice = hostAdvice({ ...setting, family: 6 }, v6, { ...right, ruled: false, fallback: false });
  assert.ok(advice.commands.length > 0 && advice.commands.every(line => line.startsWith('ip -6 ')));
});

const addresses: readonly PresentAddress[] = [
  { interface: 'lo', address: '127.0.0.1', family: 4, temporary: false },
  present,
  { interface: 'ppp0', address: 'fe80::1', family: 6, temporary: false },
  { interface: 'ppp0', address: '2001:db8:2::bad', family: 6, temporary: true },
  { interface: 'ppp0', address: '2001:db8:2::40', family: 6, temporary: false },
  { interface: 'ppp0', address: '203.0.113.77', family: 4, temporary: false },
];
const whichAddress: [string, EgressSetting, string | undefined][] = [
  ['a listed address', setting, '198.51.100.30'],
  ['an absent address', { ...setting, address: '203.0.113.40' }, undefined],
  ['a loopback address is there without being listed', { ...setting, address: '127.0.0.2' }, '127.0.0.2'],
  ['the IPv4 address that an interface has now', ppp, '203.0.113.77'],
  ['the stable IPv6 address of an interface', { ...ppp, family: 6 }, '2001:db8:2::40'],
  ['an interface that is not there', { ...ppp, interface: 'ppp9' }, undefined],
];
for (const [sentence, given, expected] of whichAddress) {
  test(`present address: ${sentence}`, () =>
    assert.equal(presentAddress(given, addresses)?.address, expected));
}
