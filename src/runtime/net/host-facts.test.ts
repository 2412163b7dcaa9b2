import assert from 'node:assert/strict';
import test from 'node:test';
import { temporaryIn } from './host-addresses.ts';
import { readPacketSizes } from './packet-sizes.ts';
import { endpoint, sendQueueIn } from './real-send-queue.ts';
import { readSourceRoute } from './source-route.ts';

const source = '10.20.1.2';
const addresses = [{}, { ifname: 'v0', addr_info: [{ local: source }] }];
const rules = [
  { priority: 0, src: 'all', table: 'local' },
  { priority: 32_765, src: source, table: '101' },
  { priority: 32_766, src: 'all', table: 'main' },
];
const route = [{ dst: '198.41.0.4', from: source, gateway: '10.20.1.1', dev: 'v0', table: '101' }];
const defaults = [
  { dst: 'default', gateway: '10.20.1.1', dev: 'v0' },
  { type: 'unreachable', dst: 'default', metric: 4_278_198_272 },
];

const rows: [string, object, unknown, object | null][] = [
  [
    'all in order',
    {},
    defaults,
    {
      interface: 'v0',
      device: 'v0',
      gateway: '10.20.1.1',
      ruled: true,
      table: '101',
      fallback: true,
      unreachable: false,
      fellThrough: false,
    },
  ],
  [
    'an address on the loopback interface leaves by whatever device its route says',
    { addresses: [{ ifname: 'lo', link_type: 'loopback', addr_info: [{ local: source }] }] },
    defaults,
    { interface: 'v0', device: 'v0' },
  ],
  [
    'so does one on a dummy',
    { addresses: [{ ifname: 'anycast', link_type: 'ether', linkinfo: { info_kind: 'dummy' } }] },
    defaults,
    { interface: 'v0', device: 'v0' },
  ],
  [
    'another interface has the address',
    { addresses: [{ ifname: 'v1', link_type: 'ether', linkinfo: { info_kind: 'veth' } }] },
    defaults,
    { interface: 'v1', device: 'v0' },
  ],
  ['no unreachable default', {}, defaults.slice(0, 1), { fallback: false, ruled: true }],
  [
    'no rule of its own',
    { rules: [rules[0], rules[2]], route: [{ dev: 'eth0', gateway: '192.0.2.1' }] },
    null,
    { ruled: false, table: null, device: 'eth0', fallback: false, fellThrough: false },
  ],
  [
    'a rule for its network',
    { rules: [{ src: '10.20.1.0', srclen: 24, table: '101' }] },
    defaults,
    { ruled: true, table: '101' },
  ],
  [
    'a rule for another network',
    { rules: [{ src: '10.20.2.0', srclen: 24, table: '102' }] },
    defaults,
    { ruled: false },
  ],
  [
    'its table is empty: a later one was used',
    { route: [{ dev: 'v1', gateway: '10.20.2.1' }] },
    [],
    { device: 'v1', fellThrough: true },
  ],
  [
    'the kernel refuses the look-up',
    { route: null },
    defaults,
    { unreachable: true, device: null, gateway: null },
  ],
  [
    'the look-up says unreachable',
    { route: [{ type: 'unreachable', dst: 'default' }] },
    defaults,
    { unreachable: true, device: null },
  ],
  [
    'a rule that itself says unreachable is a fallback',
    { rules: [...rules, { src: source, action: 'unreachable' }] },
    [],
    { fallback: true },
  ],
  ['the address is not on the host', { addresses: [{}] }, null, null],
  ['answers of no known form', { addresses: 'x', rules: { a: 1 }, route: [null, 7] }, 'x', null],
];
for (const [sentence, changed, tableDefaults, expected] of rows) {
  test(`source route: ${sentence}`, () => {
    const read = readSourceRoute({ source, addresses, rules, route, ...changed }, tableDefaults);
    if (expected === null || read === null) assert.equal(read, expected);
    else assert.deepEqual({ ...read, ...expected }, read);
  });
}

// As Linux 6 wrote them, in the reference network with a hop of 1,400 bytes behind the first router.
const told = [
  {
    dst: '192.0.2.25',
    from: '198.51.100.30',
    gateway: '198.51.100.1',
    dev: 'isp1',
    table: '101',
    flags: [],
    uid: 0,
    cache: [],
    expires: 599,
    metrics: [{ mtu: 1400 }],
  },
];
const untold = [
  {
    dst: '192.0.2.25',
    from: '198.51.100.30',
    gateway: '198.51.100.1',
    dev: 'isp1',
    table: '101',
    flags: [],
    uid: 0,
    cache: [],
  },
];
const link = [
  {
    ifindex: 3,
    link_index: 3,
    ifname: 'isp1',
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: 1500,
    qdisc: 'noqueue',
    operstate: 'UP',
    link_type: 'ether',
    address: 'd6:2a:28:82:df:3d',
  },
];
const sizes: [string, unknown, unknown, object | null][] = [
  ['a router has told of a smaller link', told, link, { interface: 'isp1', link: 1500, path: 1400 }],
  ['none has', untold, link, { interface: 'isp1', link: 1500, path: 1500 }],
  [
    'the operator made the packets of a route smaller, so none is lost',
    [{ dev: 'isp1', cache: [], metrics: [{ mtu: 1400 }] }],
    link,
    { link: 1400, path: 1400 },
  ],
  ['a route is no wider than its link', [{ dev: 'isp1', metrics: [{ mtu: 9000 }] }], link, { path: 1500 }],
  ['the kernel refuses the look-up', null, link, null],
  ['there is no ip', null, null, null],
  ['answers of no known form', [{ dev: 7, metrics: 'x' }], [null], null],
];
for (const [sentence, route, linkSays, expected] of sizes)
  test(`packet sizes: ${sentence}`, () => {
    const read = readPacketSizes(route, linkSays);
    if (expected === null || read === null) assert.equal(read, expected);
    else assert.deepEqual({ ...read, ...expected }, read);
  });

test('temporary addresses: flag 0x01 of the kernel’s table, in the writing of the platform', () => {
  const table = [
    '20010db8000200000000000000000bad 04 40 00 01     ppp0',
    '20010db8000200000000000000000040 04 40 00 80     ppp0',
    'nonsense',
  ].join('\n');
  assert.deepEqual([...temporaryIn(table)], ['2001:db8:2::bad']);
});

test('send queue: an endpoint as the kernel writes it', () => {
  assert.equal(endpoint('127.0.0.1', 631), '0100007F:0277');
  assert.equal(endpoint('::1', 25), '00000000000000000000000001000000:0019');
  assert.equal(endpoint('fe80::1%eth0 not', 25), null);
});

test('send queue: the digits behind the state', () => {
  const table = Buffer.from(
    '   0: 0100007F:0277 0200007F:0019 01 0009A3F0:00000000 01:00000014 00000000     0\n',
  );
  assert.equal(sendQueueIn(table, '0100007F:0277 0200007F:0019 '), 0x9a3f0);
  assert.equal(sendQueueIn(table, '0100007F:0278 0200007F:0019 '), null);
});
