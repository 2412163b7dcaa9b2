import assert from 'node:assert/strict';
import test from 'node:test';
import type { UplinkSetting } from '../../src/decision/egress/egress.ts';
import type { EgressState } from '../../src/decision/egress/health-state.ts';
import { withSmartHostProbes } from '../../src/decision/egress/smart-host-probe.ts';
import { EgressMonitor } from '../../src/runtime/egress/monitor.ts';
import { EventStream } from '../../src/runtime/events.ts';
import { ReferenceNetwork } from './reference-network.ts';

const smartHost = { host: '192.0.2.10', port: 25, tls: 'none', login: null } as const;
const [isp1, isp2] = ['isp1/198.51.100.30', 'isp2/203.0.113.40'];

/** Two uplinks, of which isp2 sends its mail through a smart host, with nothing but probes. */
async function watched() {
  const world = new ReferenceNetwork(1);
  const { clock, gateway: network, random } = world;
  const monitor = new EgressMonitor({
    network,
    clock,
    random,
    events: new EventStream(),
    remember: async () => ({ ok: true, value: undefined }),
    recall: async () => ({ ok: true, value: null }),
  });
  await world.start();
  const give = (uplink: UplinkSetting): UplinkSetting =>
    uplink.name === 'isp2' ? { ...uplink, smartHost } : uplink;
  await clock.await(monitor.start(withSmartHostProbes(world.settings().uplinks.map(give))));
  await clock.run(30_000);
  const state = (id: string): EgressState | undefined =>
    monitor.snapshot().egresses.find(view => view.id === id)?.state;
  return { world, monitor, clock, state };
}

/** Uplink isp1 is found dead and, mended, used again: there are witnesses for both. */
async function diesAndReturns({ world, clock, state }: Awaited<ReturnType<typeof watched>>): Promise<void> {
  world.gateway.cut(world.uplinks[0], 'black hole');
  await clock.run(60_000);
  assert.equal(state(isp1), 'down');
  world.gateway.cut(world.uplinks[0], null);
  await clock.run(60_000);
  assert.equal(state(isp1), 'up');
}

test('smart host health: its answers to probes keep the uplink up', async () => {
  const { monitor, state } = await watched();
  assert.equal(state(isp2), 'up');
  await monitor.stop();
});

test('smart host health: its silence takes its own uplink down, and its return brings it back', async () => {
  const { world, monitor, clock, state } = await watched();
  world.gateway.cut(world.uplinks[1], 'black hole');
  await clock.run(40_000);
  assert.equal(state(isp2), 'down');
  assert.notEqual(state(isp1), 'down');
  world.gateway.cut(world.uplinks[1], null);
  await clock.run(60_000);
  assert.equal(state(isp2), 'up');
  await monitor.stop();
});

test('smart host health: nobody else is probed through its uplink, whatever is wrong', async () => {
  const { world, monitor, clock } = await watched();
  const at = clock.monotonic();
  const to = { host: 'mx.partner.example', address: '198.18.1.10', port: 25 };
  monitor.observe(isp1, { kind: 'connected', at, site: to.host, to, connectMs: 20 });
  monitor.observe(isp1, { kind: 'answered', at, site: to.host, to, probe: false });
  world.gateway.cut(world.uplinks[1], 'mail port reset');
  await clock.run(60_000);
  world.gateway.cut(world.uplinks[1], null);
  await clock.run(60_000);
  world.gateway.cut(world.uplinks[0], 'black hole');
  await clock.await(monitor.suspect(isp1, to.host, to));
  await clock.run(10_000);
  const strangers = world.worldReceivers.filter(({ name }) => name !== 'mx.remote.example');
  for (const { callers, name } of strangers) assert.equal(callers.get('203.0.113.40'), undefined, name);
  await monitor.stop();
});

test('smart host health: its smart host, which may block every other uplink, is no witness for one', async () => {
  const house = await watched();
  const { world, monitor, clock } = house;
  world.internet.block('198.51.100.30', smartHost.host);
  const to = { host: 'mx.partner.example', address: '198.18.1.10', port: 25 };
  const at = clock.monotonic();
  monitor.observe(isp1, { kind: 'connected', at, site: to.host, to, connectMs: 20 });
  monitor.observe(isp1, { kind: 'answered', at, site: to.host, to, probe: false });
  await diesAndReturns(house);
  const host = world.worldReceivers.find(({ name }) => name === 'mx.remote.example');
  assert.equal(host?.callers.get('198.51.100.30'), undefined);
  await monitor.stop();
});

test('smart host health: a mail host that answers late, by an uplink that has a smart host now, stays a witness', async () => {
  const house = await watched();
  const { monitor, clock } = house;
  const to = { host: 'mx.partner.example', address: '198.18.1.10', port: 25 };
  const at = clock.monotonic();
  for (const id of [isp1, isp2])
    monitor.observe(id, { kind: 'connected', at, site: to.host, to, connectMs: 20 });
  await diesAndReturns(house);
  await monitor.stop();
});
