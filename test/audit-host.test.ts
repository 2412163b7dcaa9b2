import assert from 'node:assert/strict';
import test from 'node:test';
import { parseSettings } from '../src/config/read-settings.ts';
import type { HostFact } from '../src/decision/audit/facts.ts';
import type { RouteOfSource } from '../src/decision/egress/host-advice.ts';
import { hostFact, overridesIn } from '../src/runtime/audit/own-facts.ts';
import { realNetwork } from '../src/runtime/net/real-network.ts';
import { realClock, realRandom } from '../src/runtime/real-clock.ts';
import { MemoryFiles } from './fakes.ts';
import { SimClock } from './simulation/sim-clock.ts';

const address = '198.51.100.30';
const configuration = `hostname: mail.example.com
uplinks: [{ name: isp1, source: [${address}] }]
listeners: [{ address: "${address}:25", role: mx, name: mx1.example.com }]
domains: [{ name: example.com, deliver_to: ["10.20.0.10:25"] }]
`;

const straight: RouteOfSource = {
  interface: 'eth1',
  device: 'eth1',
  gateway: '198.51.100.1',
  ruled: true,
  table: '101',
  fallback: true,
  unreachable: false,
  fellThrough: false,
};

/** What a host says of itself whose only source leaves so, and whose kernel says this of its filters, by interface. */
async function hostWith(
  route: RouteOfSource,
  filters: Readonly<Record<string, string>> = {},
): Promise<HostFact> {
  const files = new MemoryFiles();
  for (const [name, mode] of Object.entries(filters))
    files.write(`/proc/sys/net/ipv4/conf/${name}/rp_filter`, `${mode}\n`);
  const read = parseSettings('postern.yaml', configuration);
  assert.ok(read.ok);
  const network = {
    ...realNetwork(),
    addresses: () => [{ interface: 'eth1', address, family: 4, temporary: false } as const],
    routeOf: async () => route,
    datagrams: async () =>
      ({ ok: false, error: { kind: 'network_unreachable', message: 'There is no network.' } }) as const,
  };
  return hostFact(
    read.value.settings,
    { network, files, clock: realClock, random: realRandom },
    new AbortController().signal,
  );
}

const routes: readonly (readonly [string, Partial<RouteOfSource>, string, RegExp])[] = [
  ['by its own interface is sound', {}, 'sound', /^$/],
  ['by another, without a rule, is the wrong way', { device: 'eth2', ruled: false }, 'wrong way', /no rule/],
  ['by another, for its rule says so, is too', { device: 'eth2', table: '102' }, 'wrong way', /table 102/],
  ['nowhere is no route', { device: null, unreachable: true }, 'no route', /no route to the world/],
  ['by a table that has no end is sound, and told', { fallback: false }, 'sound', /unreachable default/],
];
for (const [sentence, route, condition, message] of routes)
  test(`audit, the host: a source that leaves ${sentence}`, async () => {
    const { sources } = await hostWith({ ...straight, ...route });
    assert.deepEqual(
      sources.map(({ egress, condition: found }) => [egress, found]),
      [[`isp1/${address}`, condition]],
    );
    assert.match(sources[0]?.message ?? '', message);
  });

test('audit, the host: a resolver that is silent at the end of the check has not answered', async () => {
  const clock = new SimClock();
  const over = new AbortController();
  clock.timer(500, () => over.abort());
  const read = parseSettings('postern.yaml', `${configuration}dns: { servers: ["192.0.2.53:53"] }\n`);
  assert.ok(read.ok);
  let closed = 0;
  const socket = { port: 40_000, handle() {}, send() {}, close: () => (closed += 1) };
  const network = {
    ...realNetwork(),
    addresses: () => [],
    routeOf: async () => null,
    datagrams: async () => ({ ok: true, value: socket }) as const,
  };
  const ports = { network, files: new MemoryFiles(), clock, random: realRandom };
  const { resolvers } = await clock.await(hostFact(read.value.settings, ports, over.signal));
  assert.deepEqual(resolvers, [{ address: '192.0.2.53', validates: null }]);
  assert.equal(clock.monotonic(), 500);
  assert.equal(closed, 1);
});

const filters: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  ['are not told where there are none', {}, []],
  ['are told of the interface', { eth1: '1', all: '0' }, ['eth1']],
  ['are told where they hold for all', { eth1: '0', all: '1' }, ['eth1']],
  ['that are loose hold before strict ones', { eth1: '2', all: '1' }, []],
  ['of an interface that carries no source are nobody’s', { eth1: '0', all: '0', eth0: '1' }, []],
];
for (const [sentence, files, expected] of filters)
  test(`audit, the host: strict filters ${sentence}`, async () =>
    assert.deepEqual((await hostWith(straight, files)).strictInterfaces, expected));

const overrides: readonly (readonly [string, string, readonly string[], string | null])[] = [
  ['say another address', '127.0.1.1 mail.example.com mail', [address], '127.0.1.1'],
  ['say the same as DNS', `${address} mail.example.com`, [address], null],
  ['say what DNS does not know', '10.20.0.2 mail.example.com', [], null],
  ['say it in a comment', '# 127.0.1.1 mail.example.com', [address], null],
  ['say it in capitals', '127.0.1.1 MAIL.example.com', [address], '127.0.1.1'],
];
for (const [sentence, hosts, dns, expected] of overrides)
  test(`audit, the host: its own files ${sentence}`, () =>
    assert.deepEqual(
      overridesIn(hosts, ['mail.example.com'], () => dns).map(({ files }) => files),
      expected === null ? [] : [expected],
    ));
