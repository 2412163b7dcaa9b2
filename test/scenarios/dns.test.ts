import assert from 'node:assert/strict';
import test from 'node:test';
import type { EgressView } from '../../src/decision/egress/health-state.ts';
import { Resolver } from '../../src/runtime/dns/resolver.ts';
import { realNetwork } from '../../src/runtime/net/real-network.ts';
import { realClock, realRandom } from '../../src/runtime/real-clock.ts';
import { type RunningNameServer, startNameServer } from '../../src/surface/demo/name-server.ts';

const network = realNetwork();
const zone = {
  'remote.example MX': ['10 mx.remote.example'],
  'large.example TXT': Array.from({ length: 20 }, (_, n) => `${n} ${'x'.repeat(200)}`),
};

function view(uplink: string, preference: number, source: string): EgressView {
  const id = `${uplink}/${source}`;
  return {
    id,
    uplink,
    state: 'up',
    since: 0,
    reason: '',
    fit: 'unknown',
    preference,
    weight: 1,
    family: 4,
    egress: { kind: 'uplink', id, uplink, family: 4, source, publicAddress: source, ehlo: uplink },
  };
}

/** Two uplinks on loopback, each with a resolver of its own that answers nobody else. */
async function withResolver(
  use: (resolver: Resolver, own: readonly [RunningNameServer, RunningNameServer]) => Promise<void>,
): Promise<void> {
  const start = async (address: string, customer: string): Promise<RunningNameServer> => {
    const setting = { address, port: 0, zone, clock: realClock, customers: [customer] };
    const started = await startNameServer(network, setting);
    assert.ok(started.ok);
    return started.value;
  };
  const own = [await start('127.0.0.52', '127.0.0.2/32'), await start('127.0.0.53', '127.0.0.3/32')] as const;
  const resolver = new Resolver({
    network,
    clock: realClock,
    random: realRandom,
    servers: () =>
      own.map(({ address, port }, place) => ({ address, port, uplink: `isp${place + 1}`, trustAd: false })),
    uplinks: () => [],
    snapshot: () => ({
      version: 1,
      egresses: [view('isp1', 10, '127.0.0.2'), view('isp2', 20, '127.0.0.3')],
    }),
  });
  try {
    await use(resolver, own);
  } finally {
    resolver.close();
    await Promise.all(own.map(server => server.close()));
  }
}

test('dns over real sockets: by the first uplink from its address', () =>
  withResolver(async (resolver, [first, second]) => {
    const answer = await resolver.resolve('remote.example', 'MX');
    assert.equal(answer.kind, 'records');
    assert.deepEqual(
      first.queries.map(({ from }) => from),
      ['127.0.0.2'],
    );
    assert.equal(second.queries.length, 0);
  }));

test('dns over real sockets: a silent resolver is overtaken by the other uplink’s', () =>
  withResolver(async (resolver, [first, second]) => {
    first.behave({ silent: true });
    const answer = await resolver.resolve('remote.example', 'MX');
    assert.equal(answer.kind, 'records');
    assert.deepEqual(
      second.queries.map(({ from }) => from),
      ['127.0.0.3'],
    );
  }));

test('dns over real sockets: what is cut is asked for by TCP', () =>
  withResolver(async (resolver, [first]) => {
    const answer = await resolver.resolve('large.example', 'TXT');
    assert.equal(answer.kind === 'records' && answer.records.length, 20);
    assert.deepEqual(
      first.queries.map(({ by, from }) => `${by} ${from}`),
      ['udp 127.0.0.2', 'tcp 127.0.0.2'],
    );
  }));
