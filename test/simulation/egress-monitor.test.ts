import assert from 'node:assert/strict';
import test from 'node:test';
import { chooseEgresses } from '../../src/decision/egress/choose.ts';
import type { UplinkEgress } from '../../src/decision/egress/egress.ts';
import type { EgressState } from '../../src/decision/egress/health-state.ts';
import type { NetworkErrorKind } from '../../src/decision/egress/observation.ts';
import type { HostAddress } from '../../src/decision/egress/route.ts';
import { EgressMonitor } from '../../src/runtime/egress/monitor.ts';
import { EventStream, type GatewayEvent } from '../../src/runtime/events.ts';
import type { Connection } from '../../src/runtime/ports.ts';
import { ReferenceNetwork, remoteDomains } from './reference-network.ts';
import { type CutKind, cutKinds, SimLink } from './sim-link.ts';

const isp1 = 'isp1/198.51.100.30';
const isp2 = 'isp2/203.0.113.40';

const hosts: readonly HostAddress[] = remoteDomains.map(({ host, address }) => ({ host, address, port: 25 }));

/** The monitor in the reference network, with mail of the simplest kind: connect by race, greeting, QUIT. */
class Watched {
  readonly world: ReferenceNetwork;
  readonly monitor: EgressMonitor;
  readonly events: GatewayEvent[] = [];
  readonly memory = new Map<string, string>();
  /** How long each greeting took from its start, and by which egress it came. */
  readonly greetings: { readonly at: number; readonly ms: number; readonly by: string }[] = [];
  #turn = 0;

  constructor(seed = 1) {
    this.world = new ReferenceNetwork(seed);
    const { clock, gateway, random } = this.world;
    const events = new EventStream();
    events.subscribe(event => this.events.push(event));
    this.monitor = new EgressMonitor({
      network: gateway,
      clock,
      random,
      events,
      remember: async (key, value) => {
        if (value === null) this.memory.delete(key);
        else this.memory.set(key, value);
        return { ok: true, value: undefined };
      },
      recall: async key => ({ ok: true, value: this.memory.get(key) ?? null }),
    });
  }

  async start(): Promise<this> {
    await this.world.start();
    await this.world.clock.await(this.monitor.start(this.world.settings().uplinks));
    return this;
  }

  /** Lets time pass with a new connection every `everyMs`, to the hosts in turn. */
  async traffic(ms: number, everyMs = 50, to: readonly HostAddress[] = hosts): Promise<void> {
    const { clock } = this.world;
    const end = clock.monotonic() + ms;
    while (clock.monotonic() < end) {
      const host = to[this.#turn++ % to.length];
      if (host) void this.#race(host);
      await clock.run(everyMs);
    }
  }

  state(id: string): EgressState | undefined {
    return this.monitor.snapshot().egresses.find(view => view.id === id)?.state;
  }

  changes(id: string): readonly string[] {
    return this.events.flatMap(event =>
      event.kind === 'egress' && event.id === id ? [`${event.previous} ${event.state}`] : [],
    );
  }

  warnings(): readonly string[] {
    return this.events.flatMap(event => (event.kind === 'warning' ? [event.message] : []));
  }

  async #race(to: HostAddress): Promise<void> {
    const { clock, gateway } = this.world;
    const site = to.host;
    const choice = chooseEgresses({
      snapshot: this.monitor.snapshot(),
      site,
      family: 4,
      lastEgress: null,
      penalised: this.monitor.penalties(to),
    });
    if (choice.kind === 'none') return;
    const started = clock.monotonic();
    const racers: { egress: UplinkEgress; abort: AbortController; over: boolean; at: number }[] = [];
    let winner: string | null = null;
    let next = 0;
    const startNext = (): void => {
      const egress = choice.candidates[next++]?.egress;
      if (egress?.kind !== 'uplink' || winner !== null) return;
      const racer = { egress, abort: new AbortController(), over: false, at: clock.monotonic() };
      racers.push(racer);
      clock.timer(this.monitor.headStartMs(egress.id, site), startNext);
      const { source, id } = egress;
      void gateway
        .connect({ source, address: to.address, port: 25, timeoutMs: 30_000, signal: racer.abort.signal })
        .then(result => {
          racer.over = true;
          const at = clock.monotonic();
          if (result.ok && winner === null) {
            winner = id;
            this.monitor.observe(id, { kind: 'connected', at, site, to, connectMs: at - racer.at });
            for (const other of racers.filter(({ over }) => !over)) {
              other.over = true;
              other.abort.abort();
              this.#fail(other.egress.id, to, at - other.at, 'aborted', true, id);
            }
            this.#greet(result.value, id, to, started);
          } else if (result.ok) result.value.destroy();
          else if (result.error.kind !== 'aborted') {
            this.#fail(id, to, at - racer.at, result.error.kind, false, winner);
            startNext();
          }
        });
    };
    startNext();
  }

  #fail(
    id: string,
    to: HostAddress,
    waitedMs: number,
    kind: NetworkErrorKind,
    overtaken: boolean,
    reachedBy: string | null,
  ): void {
    this.monitor.observe(id, {
      kind: 'failed',
      at: this.world.clock.monotonic(),
      site: to.host,
      to,
      error: { kind, message: kind },
      waitedMs,
      overtaken,
      reachedBy,
      probe: false,
    });
  }

  #greet(connection: Connection, id: string, to: HostAddress, started: number): void {
    const { clock } = this.world;
    const connectedAt = clock.monotonic();
    let greeted = false;
    connection.handle({
      data: () => {
        const at = clock.monotonic();
        this.monitor.observe(id, { kind: 'answered', at, site: to.host, to, probe: false });
        if (greeted) return;
        greeted = true;
        this.monitor.recordReply(id, to.host, at - connectedAt);
        this.greetings.push({ at, ms: at - started, by: id });
        connection.write([Buffer.from('QUIT\r\n')]);
        connection.end();
      },
      drained() {},
      closed() {},
    });
    clock.timer(30_000, () => connection.destroy());
  }
}

const longestConviction: Partial<Record<CutKind, number>> = { 'gateway gone': 600 };

for (const cut of cutKinds) {
  test(`monitor: ${cut}: mail moves at once, the egress is down soon, and comes back by proof`, async () => {
    const watched = await new Watched().start();
    const { world } = watched;
    const { clock } = world;
    await watched.traffic(5_000);
    assert.equal(watched.state(isp1), 'up');
    const cutAt = clock.monotonic();
    world.gateway.cut(world.uplinks[0], cut);
    let downAfter: number | null = null;
    const stop = watched.monitor.onChange(view => {
      if (view.id === isp1 && view.state === 'down') downAfter ??= clock.monotonic() - cutAt;
    });
    await watched.traffic(20_000);
    stop();
    assert.equal(watched.state(isp1), 'down', watched.changes(isp1).join(', '));
    assert.ok((downAfter ?? 1e9) <= (longestConviction[cut] ?? 600), `down after ${downAfter} ms`);
    assert.equal(watched.state(isp2), 'up');
    const slow = watched.greetings.filter(({ at, ms }) => at > cutAt && ms > 550);
    assert.deepEqual(slow, []);
    world.gateway.cut(world.uplinks[0], null);
    const healedAt = clock.monotonic();
    while (watched.state(isp1) !== 'up' && clock.monotonic() - healedAt < 30_000) await watched.traffic(100);
    const back = clock.monotonic() - healedAt;
    assert.ok(back >= 9_000 && back <= 20_000, `back after ${back} ms`);
    await clock.await(watched.monitor.stop());
  });
}

test('monitor: a single known site suffices', async () => {
  const watched = await new Watched().start();
  const { world } = watched;
  await watched.traffic(5_000, 50, hosts.slice(0, 1));
  world.gateway.cut(world.uplinks[0], 'black hole');
  await watched.traffic(700, 50, hosts.slice(0, 1));
  assert.equal(watched.state(isp1), 'down');
  assert.match(watched.monitor.snapshot().egresses[0]?.reason ?? '', /no other site is known/);
  await world.clock.await(watched.monitor.stop());
});

test('monitor: a silent session is followed up: silence convicts within 400 ms, an answer acquits', async () => {
  const watched = await new Watched().start();
  const { world, monitor } = watched;
  const [to] = hosts;
  assert.ok(to);
  await watched.traffic(5_000);
  await world.clock.run(200);
  assert.equal(await world.clock.await(monitor.suspect(isp1, to.host, to)), 'answers');
  world.gateway.cut(world.uplinks[0], 'black hole');
  await world.clock.run(200);
  const askedAt = world.clock.monotonic();
  assert.equal(await world.clock.await(monitor.suspect(isp1, to.host, to)), 'silent');
  assert.ok(world.clock.monotonic() - askedAt <= 300, `${world.clock.monotonic() - askedAt} ms`);
  await world.clock.runUntil(() => watched.state(isp1) === 'down', 10_000);
  assert.ok(
    world.clock.monotonic() - askedAt <= 400,
    `convicted after ${world.clock.monotonic() - askedAt} ms`,
  );
  await world.clock.await(monitor.stop());
});

test('monitor: both uplinks die, and the first answer ends it', async () => {
  const watched = await new Watched().start();
  const { world } = watched;
  await watched.traffic(5_000);
  for (const link of world.uplinks) world.gateway.cut(link, 'black hole');
  await watched.traffic(60_000, 200);
  assert.deepEqual([watched.state(isp1), watched.state(isp2)], ['down', 'down']);
  assert.equal(watched.monitor.anyUsable(), false);
  world.gateway.cut(world.uplinks[1], null);
  await watched.traffic(3_000);
  assert.equal(watched.monitor.anyUsable(), true);
  assert.equal(watched.state(isp2), 'degraded');
  await watched.traffic(30_000);
  assert.equal(watched.state(isp2), 'up');
  await world.clock.await(watched.monitor.stop());
});

test('monitor: 300 ms round trips, a dead destination and our own late turns take no sound uplink down', async () => {
  const watched = await new Watched().start();
  const { world } = watched;
  world.uplinks[0].quality = { ...world.uplinks[0].quality, latencyMs: 150, jitterMs: 20 };
  const dead: HostAddress = { host: 'mx.gone.example', address: '198.18.9.9', port: 25 };
  await watched.traffic(60_000, 100, [...hosts, dead]);
  world.clock.stall(2_000);
  await watched.traffic(10_000, 100, hosts);
  assert.deepEqual(watched.changes(isp1), ['unknown up']);
  assert.deepEqual(watched.changes(isp2), ['unknown up']);
  const moved = watched.greetings.slice(20).filter(({ by }) => by !== isp1).length;
  assert.ok(moved <= watched.greetings.length / 1_000, `${moved} of ${watched.greetings.length} moved`);
  await world.clock.await(watched.monitor.stop());
});

test('monitor: a receiver that firewalls one of our addresses is a bad route, and is told as such', async () => {
  const watched = await new Watched().start();
  const { world } = watched;
  await watched.traffic(5_000);
  world.internet.block('198.51.100.30', '192.0.2.10');
  await watched.traffic(60_000);
  assert.deepEqual(watched.changes(isp1), ['unknown up']);
  assert.match(
    watched.warnings().join('\n'),
    /mx\.remote\.example \[192\.0\.2\.10\].*may block this address/,
  );
  await world.clock.await(watched.monitor.stop());
});

test('monitor: a lossy link becomes degraded and does not flap', async () => {
  const watched = await new Watched(3).start();
  const { world } = watched;
  await watched.traffic(5_000);
  world.uplinks[0].quality = { ...world.uplinks[0].quality, latencyMs: 150, loss: 0.3 };
  await watched.traffic(300_000, 200);
  assert.notEqual(watched.state(isp1), 'up');
  assert.ok(watched.changes(isp1).length <= 12, watched.changes(isp1).join(', '));
  await world.clock.await(watched.monitor.stop());
});

test('monitor: while all is sound, a host is greeted by probes at most once in ten minutes', async () => {
  const watched = await new Watched().start();
  const { world } = watched;
  await watched.traffic(5_000);
  const before = world.worldReceivers.map(receiver => receiver.counts.connections);
  await world.clock.run(40 * 60_000);
  for (const [index, receiver] of world.worldReceivers.entries())
    assert.ok(
      receiver.counts.connections - (before[index] ?? 0) <= 5,
      `${receiver.name}: ${receiver.counts.connections - (before[index] ?? 0)}`,
    );
  assert.deepEqual([watched.state(isp1), watched.state(isp2)], ['up', 'up']);
  await world.clock.await(watched.monitor.stop());
});

test('monitor: a drain lasts over a restart, and ends by itself', async () => {
  const watched = await new Watched().start();
  const { world, monitor } = watched;
  const until = world.clock.now() + 60_000;
  assert.deepEqual(await world.clock.await(monitor.drain('isp1', until, 'maintenance')), {
    ok: true,
    value: undefined,
  });
  assert.equal(watched.state(isp1), 'drained');
  const since = monitor.snapshot().egresses[0]?.since;
  await world.clock.run(5_000);
  monitor.reload(world.settings().uplinks);
  assert.equal(monitor.snapshot().egresses[0]?.since, since);
  assert.match((await monitor.drain('isp9', null, 'x')).ok ? '' : 'no', /no/);
  await world.clock.await(monitor.stop());
  const again = new EgressMonitor({
    network: world.gateway,
    clock: world.clock,
    random: world.random,
    events: new EventStream(),
    remember: async () => ({ ok: true, value: undefined }),
    recall: async key => ({ ok: true, value: watched.memory.get(key) ?? null }),
  });
  await world.clock.await(again.start(world.settings().uplinks));
  assert.equal(again.snapshot().egresses[0]?.state, 'drained');
  assert.equal(again.snapshot().egresses[0]?.since, since);
  await world.clock.run(61_000);
  assert.notEqual(again.snapshot().egresses[0]?.state, 'drained');
  await world.clock.await(again.stop());
});

test('monitor: an uplink that a changed configuration adds ends an outage', async () => {
  const watched = await new Watched().start();
  const { world, monitor } = watched;
  const [first, second] = world.settings().uplinks;
  assert.ok(first && second);
  monitor.reload([first]);
  await watched.traffic(5_000);
  world.gateway.cut(world.uplinks[0], 'address taken away');
  await watched.traffic(5_000);
  assert.equal(monitor.anyUsable(), false);
  const usable: string[] = [];
  monitor.onChange((view, previous) => usable.push(`${view.id} ${previous} ${monitor.anyUsable()}`));
  monitor.reload([first, second]);
  await world.clock.run(1_000);
  assert.equal(usable[0], `${isp2} down true`);
  await world.clock.await(monitor.stop());
});

test('monitor: what stands on an address that an interface has no more is told to be gone', async () => {
  const watched = await new Watched().start();
  const { world, monitor } = watched;
  const [first, second] = world.settings().uplinks;
  const [setting] = second?.egresses ?? [];
  assert.ok(first && second && setting);
  const id = 'isp2/ppp0';
  const [before, after] = [1, 2].map(n => new SimLink(`ppp0 ${n}`, new Set([25]), { latencyMs: 5 }));
  assert.ok(before && after);
  world.gateway.attach('ppp0', '203.0.113.41', before);
  monitor.reload([first, { ...second, egresses: [{ ...setting, id, address: null, interface: 'ppp0' }] }]);
  await watched.traffic(5_000);
  const told: string[] = [];
  monitor.onChange(view => told.push(`${view.id} ${view.state}`));
  world.gateway.attach('ppp0', '203.0.113.42', after);
  world.gateway.cut(before, 'address taken away');
  await watched.traffic(2_000);
  assert.equal(told[0], `${id} down`);
  assert.notEqual(told[1], undefined);
  const [view] = monitor.snapshot().egresses.filter(each => each.id === id);
  assert.equal(view?.egress?.source, '203.0.113.42');
  await world.clock.await(monitor.stop());
});

test('monitor: what our own host answers says nothing of an uplink', async () => {
  const watched = await new Watched().start();
  const { world, monitor } = watched;
  await watched.traffic(5_000);
  world.gateway.cut(world.uplinks[0], 'black hole');
  await watched.traffic(5_000);
  assert.equal(watched.state(isp1), 'down');
  for (let second = 0; second < 30; second++) {
    const at = world.clock.monotonic();
    for (const address of ['127.0.0.1', '10.20.0.2']) {
      const to = { host: 'mx.foolish.example', address, port: 25 };
      monitor.observe(isp1, { kind: 'connected', at, site: to.host, to, connectMs: 1 });
      monitor.observe(isp1, { kind: 'answered', at, site: to.host, to, probe: false });
    }
    await watched.traffic(1_000, 200);
  }
  assert.equal(watched.state(isp1), 'down');
  await world.clock.await(monitor.stop());
});

test('monitor: the test of an uplink tells each step', async () => {
  const watched = await new Watched().start();
  const { world, monitor } = watched;
  const unknown = await world.clock.await(monitor.test('isp1'));
  assert.ok(unknown.ok && unknown.value[0]?.ok === false);
  assert.match(unknown.value[0].steps[0]?.text ?? '', /No mail host is known/);
  await watched.traffic(1_000);
  const known = await world.clock.await(monitor.test('isp1'));
  assert.ok(known.ok);
  assert.deepEqual(
    known.value[0]?.steps.map(({ step, ok }) => [step, ok]),
    [
      ['connect', true],
      ['greeting', true],
      ['ehlo', true],
      ['starttls', true],
    ],
  );
  assert.equal((await monitor.test('isp9')).ok, false);
  await world.clock.await(monitor.stop());
});

test('monitor: the report counts what was sent and how the uplink stands', async () => {
  const watched = await new Watched().start();
  await watched.traffic(2_000);
  const [report] = watched.monitor.reports();
  assert.equal(report?.state, 'up');
  assert.equal(report?.egresses[0]?.source, '198.51.100.30');
  assert.ok((report?.egresses[0]?.connectMs.p50 ?? 0) > 10);
  await watched.world.clock.await(watched.monitor.stop());
});
