import assert from 'node:assert/strict';
import test from 'node:test';
import type { UplinkSetting } from '../../src/decision/egress/egress.ts';
import type { EgressSnapshot, EgressState, EgressView } from '../../src/decision/egress/health-state.ts';
import type { DnsServerSetting } from '../../src/decision/next-hop/dns-server.ts';
import { decodeQuery, encodeAnswer } from '../../src/protocol/dns/message.ts';
import type { RecordType } from '../../src/protocol/dns/record.ts';
import { type DnsAnswer, Resolver, type ResolverSetting } from '../../src/runtime/dns/resolver.ts';
import { EventStream } from '../../src/runtime/events.ts';
import { type RunningNameServer, startNameServer } from '../../src/surface/demo/name-server.ts';
import { plainUplink } from '../settings.ts';
import { must } from './reference-network.ts';
import { SimClock } from './sim-clock.ts';
import { SimHost } from './sim-host.ts';
import { SimInternet } from './sim-internet.ts';
import { SimLink } from './sim-link.ts';
import { SimRandom } from './sim-random.ts';

const isp1 = '198.51.100.30';
const isp2 = '203.0.113.40';
const open = '192.0.2.53';
const own1 = '198.51.100.53';
const own2 = '203.0.113.53';
const mailPorts: ReadonlySet<number> = new Set([25]);

const zone = {
  'remote.example MX': ['10 mx.remote.example'],
  'mx.remote.example A': ['192.0.2.10'],
  'alias.example CNAME': ['remote.example'],
  'far.example CNAME': ['target.example'],
  '30.100.51.198.in-addr.arpa CNAME': ['30.0/25.100.51.198.in-addr.arpa'],
  '30.0/25.100.51.198.in-addr.arpa PTR': ['mail.example.com'],
  'large.example TXT': Array.from({ length: 20 }, (_, n) => `${n} ${'x'.repeat(200)}`),
};

type Servers = 'open' | 'own' | 'trusted';

/** Our host with two uplinks of 10 ms each way; a resolver for everyone, and one of each uplink's own. */
class Names {
  readonly clock = new SimClock();
  readonly internet = new SimInternet(this.clock, new SimRandom(7));
  readonly links = [
    new SimLink('isp1', mailPorts, { latencyMs: 10 }),
    new SimLink('isp2', mailPorts, { latencyMs: 10 }),
  ] as const;
  readonly host: SimHost;
  readonly events = new EventStream();
  readonly warnings: string[] = [];
  readonly servers = new Map<string, RunningNameServer>();
  readonly remotes = new Map<string, SimHost>();
  readonly resolver: Resolver;
  states: readonly [EgressState, EgressState] = ['up', 'up'];

  private constructor(which: Servers, more: Partial<ResolverSetting>) {
    this.host = new SimHost('gateway', this.internet)
      .attach('eth1', isp1, this.links[0])
      .attach('eth2', isp2, this.links[1]);
    this.events.subscribe(event => {
      if (event.kind === 'warning') this.warnings.push(event.message);
    });
    const configured: DnsServerSetting[] =
      which === 'own' ? [] : [{ address: open, port: 53, uplink: null, trustAd: which === 'trusted' }];
    const dns = which === 'own' ? [[own1], [own2]] : [[], []];
    this.resolver = new Resolver({
      network: this.host,
      clock: this.clock,
      random: new SimRandom(8),
      servers: () => configured,
      uplinks: () => [uplink('isp1', dns[0] ?? []), uplink('isp2', dns[1] ?? [])],
      snapshot: () => this.#snapshot(),
      system: () => [],
      events: this.events,
      ...more,
    });
  }

  static async start(which: Servers, more: Partial<ResolverSetting> = {}): Promise<Names> {
    const names = new Names(which, more);
    for (const [address, customers] of [
      [open, []],
      [own1, [`${isp1}/32`]],
      [own2, [`${isp2}/32`]],
    ] as const) {
      const host = new SimHost(address, names.internet).attach(
        'eth0',
        address,
        new SimLink(address, mailPorts),
      );
      const setting = { address, port: 53, zone, clock: names.clock, customers, authenticated: true };
      names.servers.set(address, must(await startNameServer(host, setting)));
      names.remotes.set(address, host);
    }
    return names;
  }

  /** The answer, and how long it took. */
  async ask(name: string, type: RecordType = 'A'): Promise<{ answer: DnsAnswer; ms: number }> {
    const started = this.clock.monotonic();
    const answer = await this.clock.await(this.resolver.resolve(name, type));
    return { answer, ms: Math.round(this.clock.monotonic() - started) };
  }

  server(address: string): RunningNameServer {
    const server = this.servers.get(address);
    assert.ok(server);
    return server;
  }

  /** Who was asked for what, from where. */
  asked(address: string): string[] {
    return this.server(address).queries.map(({ name, type, from, by }) => `${by} ${name} ${type} ${from}`);
  }

  #snapshot(): EgressSnapshot {
    return {
      version: 1,
      egresses: [view('isp1', 10, isp1, this.states[0]), view('isp2', 20, isp2, this.states[1])],
    };
  }
}

function uplink(name: string, servers: readonly string[]): UplinkSetting {
  const dns = servers.map(address => ({ address, port: 53 }));
  const health = { intervalMs: 10_000, suspectIntervalMs: 1_000, timeoutMs: 4_000, proveMs: 10_000 };
  return { name, preference: 10, weight: 1, egresses: [], dns, probe: [], health, ...plainUplink };
}

function view(name: string, preference: number, source: string, state: EgressState): EgressView {
  const id = `${name}/${source}`;
  return {
    id,
    uplink: name,
    state,
    since: 0,
    reason: '',
    fit: 'unknown',
    preference,
    weight: 1,
    family: 4,
    egress: { kind: 'uplink', id, uplink: name, family: 4, source, publicAddress: source, ehlo: name },
  };
}

function text(answer: DnsAnswer): string {
  if (answer.kind === 'temperror') return answer.failure;
  const stale = answer.stale ? ' stale' : '';
  return `${answer.kind}${answer.kind === 'records' ? ` ${answer.records.length}` : ''} ${answer.name}${stale}`;
}

test('resolver: asks from the preferred egress, and nobody else', async () => {
  const names = await Names.start('open');
  const { answer, ms } = await names.ask('mx.remote.example');
  assert.equal(text(answer), 'records 1 mx.remote.example');
  assert.deepEqual(names.asked(open), [`udp mx.remote.example A ${isp1}`]);
  assert.ok(ms < 100, `${ms} ms`);
});

test('resolver: an egress that is known to be down costs nothing', async () => {
  const names = await Names.start('open');
  names.states = ['down', 'up'];
  names.host.cut(names.links[0], 'black hole');
  const { ms } = await names.ask('mx.remote.example');
  assert.deepEqual(names.asked(open), [`udp mx.remote.example A ${isp2}`]);
  assert.ok(ms < 100, `${ms} ms`);
});

for (const which of ['open', 'own'] as const) {
  test(`resolver: a cut that nobody knows of yet costs the hedge, and only once (${which} resolvers)`, async () => {
    const names = await Names.start(which);
    names.host.cut(names.links[0], 'black hole');
    const first = await names.ask('mx.remote.example');
    assert.equal(text(first.answer), 'records 1 mx.remote.example');
    assert.ok(first.ms >= 100 && first.ms < 200, `${first.ms} ms`);
    const second = await names.ask('remote.example', 'MX');
    assert.equal(text(second.answer), 'records 1 remote.example');
    assert.ok(second.ms < 100, `${second.ms} ms`);
  });
}

test('resolver: the way that answered stays first, so that a dead one is not paid for again and again', async () => {
  const names = await Names.start('open');
  names.host.cut(names.links[0], 'black hole');
  await names.ask('mx.remote.example');
  await names.clock.run(60_000);
  const { ms } = await names.ask('remote.example', 'MX');
  assert.ok(ms < 100, `${ms} ms`);
});

test('resolver: ways that were silent lately come last', async () => {
  const away = { address: '192.0.2.99', port: 53, uplink: null, trustAd: false };
  const names = await Names.start('open', { servers: () => [away, { ...away, address: open }] });
  const first = await names.ask('mx.remote.example');
  assert.ok(first.ms >= 200 && first.ms < 300, `${first.ms} ms`);
  names.host.cut(names.links[0], 'black hole');
  const second = await names.ask('remote.example', 'MX');
  assert.ok(second.ms >= 100 && second.ms < 200, `${second.ms} ms`);
});

test('resolver: after a failure nobody is asked again at once', async () => {
  const names = await Names.start('open');
  names.server(open).behave({ servfail: true });
  await names.ask('mx.remote.example');
  const asked = names.asked(open).length;
  assert.equal(text((await names.ask('mx.remote.example')).answer), 'servfail');
  assert.equal(names.asked(open).length, asked);
  names.server(open).behave({ servfail: false });
  await names.clock.run(1_000);
  assert.equal(text((await names.ask('mx.remote.example')).answer), 'records 1 mx.remote.example');
});

test('resolver: a failure that is for the signatures is told as such to those who explain', async () => {
  const explains = await Names.start('open', { tellsBogus: true });
  explains.server(open).behave({ bogus: true });
  const { answer } = await explains.ask('mx.remote.example');
  assert.ok(answer.kind === 'temperror');
  assert.equal(answer.failure, 'bogus');
  assert.match(
    answer.reason,
    /^DNS look-up of mx\.remote\.example A failed: the answer is bogus \(DNSSEC\)$/,
  );
  explains.server(open).behave({ bogus: false, servfail: true });
  const { answer: failed } = await explains.ask('remote.example', 'MX');
  assert.match(failed.kind === 'temperror' ? failed.reason : '', /SERVFAIL$/);
  const plain = await Names.start('open');
  plain.server(open).behave({ bogus: true });
  const { answer: unexplained } = await plain.ask('mx.remote.example');
  assert.match(unexplained.kind === 'temperror' ? unexplained.reason : '', /SERVFAIL$/);
});

test('resolver: an uplink’s own resolver is asked only through it', async () => {
  const names = await Names.start('own');
  await names.ask('mx.remote.example');
  names.host.cut(names.links[0], 'black hole');
  await names.ask('remote.example', 'MX');
  assert.deepEqual(names.asked(own1), [`udp mx.remote.example A ${isp1}`]);
  assert.deepEqual(names.asked(own2), [`udp remote.example MX ${isp2}`]);
});

test('resolver: a failing resolver is left for the next at once', async () => {
  const names = await Names.start('own');
  names.server(own1).behave({ servfail: true });
  const { answer, ms } = await names.ask('mx.remote.example');
  assert.equal(text(answer), 'records 1 mx.remote.example');
  assert.ok(ms < 100, `${ms} ms`);
});

test('resolver: a failure of all is a temporary error at once, no implicit answer', async () => {
  const names = await Names.start('own');
  for (const address of [own1, own2]) names.server(address).behave({ servfail: true });
  const { answer, ms } = await names.ask('remote.example', 'MX');
  assert.equal(text(answer), 'servfail');
  assert.match(answer.kind === 'temperror' ? answer.reason : '', /remote\.example MX.*SERVFAIL/);
  assert.ok(ms < 200, `${ms} ms`);
});

test('resolver: while one way is silent, one that failed is asked again', async () => {
  const names = await Names.start('own');
  names.server(own1).behave({ silent: true });
  names.server(own2).behave({ servfail: true });
  names.clock.timer(900, () => names.server(own2).behave({ servfail: false }));
  const { answer, ms } = await names.ask('mx.remote.example');
  assert.equal(text(answer), 'records 1 mx.remote.example');
  assert.ok(ms >= 1_000 && ms < 1_200, `${ms} ms`);
});

test('resolver: silence of all is a temporary error after 10 s, and told once a minute', async () => {
  const names = await Names.start('open');
  names.server(open).behave({ silent: true });
  const { answer, ms } = await names.ask('remote.example', 'MX');
  assert.equal(text(answer), 'timeout');
  assert.ok(ms >= 9_900 && ms <= 10_100, `${ms} ms`);
  await names.ask('mx.remote.example');
  assert.equal(names.warnings.length, 1);
  assert.match(names.warnings[0] ?? '', /dns\.servers/);
});

test('resolver: without any way to ask it says so at once', async () => {
  const names = await Names.start('open', { servers: () => [] });
  const { answer, ms } = await names.ask('remote.example', 'MX');
  assert.equal(text(answer), 'unreachable');
  assert.match(answer.kind === 'temperror' ? answer.reason : '', /no way to ask/);
  assert.ok(ms < 10, `${ms} ms`);
});

test('resolver: a lost datagram is sent again', async () => {
  const names = await Names.start('open');
  names.server(open).behave({ silent: true });
  names.clock.timer(900, () => names.server(open).behave({ silent: false }));
  const { answer, ms } = await names.ask('mx.remote.example');
  assert.equal(text(answer), 'records 1 mx.remote.example');
  assert.ok(ms >= 1_000 && ms < 1_200, `${ms} ms`);
});

test('resolver: what does not fit a datagram is asked for by TCP, from the same address', async () => {
  const names = await Names.start('open');
  const { answer } = await names.ask('large.example', 'TXT');
  assert.equal(text(answer), 'records 20 large.example');
  assert.deepEqual(names.asked(open), [`udp large.example TXT ${isp1}`, `tcp large.example TXT ${isp1}`]);
  await names.clock.run(1_000);
  assert.equal(names.host.sockets, 0, 'no connection is left');
});

test('resolver: a known answer is not asked for again until its time is over', async () => {
  const names = await Names.start('open');
  await names.ask('mx.remote.example');
  await names.clock.run(299_000);
  const known = await names.ask('MX.Remote.Example.');
  assert.deepEqual([known.ms, text(known.answer)], [0, 'records 1 mx.remote.example']);
  assert.equal(names.asked(open).length, 1);
  await names.clock.run(2_000);
  await names.ask('mx.remote.example');
  assert.equal(names.asked(open).length, 2);
});

test('resolver: "there is none" is known too', async () => {
  const names = await Names.start('open');
  for (const name of ['none.example', 'none.example', 'mx.remote.example', 'mx.remote.example'])
    await names.ask(name, 'TXT');
  assert.deepEqual(names.asked(open), [`udp none.example TXT ${isp1}`, `udp mx.remote.example TXT ${isp1}`]);
  assert.equal(text((await names.ask('none.example', 'TXT')).answer), 'nxdomain none.example');
  assert.equal(text((await names.ask('mx.remote.example', 'TXT')).answer), 'nodata mx.remote.example');
});

test('resolver: equal questions at one time are asked once', async () => {
  const names = await Names.start('open');
  const answers = await names.clock.await(
    Promise.all(Array.from({ length: 50 }, () => names.resolver.resolve('mx.remote.example', 'A'))),
  );
  assert.equal(answers.length, 50);
  assert.equal(names.asked(open).length, 1);
});

test('resolver: more questions than may be under way wait their turn', async () => {
  const names = await Names.start('open');
  const answers = await names.clock.await(
    Promise.all(Array.from({ length: 1_000 }, (_, n) => names.resolver.resolve(`n${n}.example`, 'A'))),
  );
  assert.ok(answers.every(({ kind }) => kind === 'nxdomain'));
  assert.equal(names.asked(open).length, 1_000);
});

test('resolver: stale answers serve for a day when nobody answers, and are told as such', async () => {
  const names = await Names.start('open');
  await names.ask('mx.remote.example');
  names.server(open).behave({ silent: true });
  await names.clock.run(301_000);
  const first = await names.ask('mx.remote.example');
  assert.equal(text(first.answer), 'records 1 mx.remote.example stale');
  assert.ok(first.ms >= 1_700 && first.ms <= 1_900, `${first.ms} ms`);
  await names.clock.run(15_000);
  const second = await names.ask('mx.remote.example');
  assert.deepEqual([second.ms, text(second.answer)], [0, 'records 1 mx.remote.example stale']);
  await names.clock.run(86_400_000);
  assert.equal(text((await names.ask('mx.remote.example')).answer), 'timeout');
});

test('resolver: when answers come again the stale one is forgotten', async () => {
  const names = await Names.start('open');
  await names.ask('mx.remote.example');
  names.server(open).behave({ silent: true });
  await names.clock.run(301_000);
  await names.ask('mx.remote.example');
  await names.clock.run(60_000);
  names.server(open).behave({ silent: false });
  names.server(open).set('mx.remote.example A', ['192.0.2.11', '192.0.2.12']);
  assert.equal(text((await names.ask('mx.remote.example')).answer), 'records 2 mx.remote.example');
});

test('resolver: aliases are followed, also where the server leaves that to us', async () => {
  const names = await Names.start('open');
  assert.equal(text((await names.ask('alias.example', 'MX')).answer), 'records 1 remote.example');
  assert.equal(text((await names.ask('far.example')).answer), 'nxdomain target.example');
});

test('resolver: the AD bit is believed only of a resolver that the operator vouches for', async () => {
  for (const [which, believed] of [
    ['trusted', true],
    ['open', false],
    ['own', false],
  ] as const) {
    const names = await Names.start(which);
    const { answer } = await names.ask('mx.remote.example');
    assert.equal(answer.kind === 'records' && answer.authenticated, believed, which);
  }
});

test('resolver: what is no name does not exist, and nobody is asked', async () => {
  const names = await Names.start('open');
  for (const name of ['', '.', 'a..b', 'a b', 'x'.repeat(64)])
    assert.equal((await names.ask(name)).answer.kind, 'nxdomain');
  assert.deepEqual(names.asked(open), []);
});

test('resolver: closing ends what is under way', async () => {
  const names = await Names.start('open');
  names.server(open).behave({ silent: true });
  const asked = names.resolver.resolve('mx.remote.example', 'A');
  await names.clock.run(50);
  names.resolver.close();
  assert.equal((await names.clock.await(asked, 1)).kind, 'temperror');
});

/** A server that lies before it tells the truth. */
async function liar(
  names: Names,
  lie: (query: Buffer, send: (from: SimHost | null, answer: Buffer) => void) => void,
): Promise<void> {
  await names.server(open).close();
  const host = names.remotes.get(open);
  assert.ok(host);
  const socket = must(await host.datagrams(open, 4, 53));
  const elsewhere = must(await host.datagrams(open, 4, 54));
  socket.handle((query, from) =>
    lie(query, (sender, answer) => {
      if (sender === null) socket.send(answer, from);
      else elsewhere.send(answer, from);
    }),
  );
}

const nothing = {
  rcode: 'noerror',
  truncated: false,
  authenticated: false,
  answers: [],
  authorities: [],
} as const;

function answerTo(query: Buffer, address: string, change: { id?: number; name?: string }): Buffer {
  const asked = decodeQuery(query);
  assert.ok(asked);
  const name = change.name ?? asked.question.name;
  return encodeAnswer(
    { id: (asked.id + (change.id ?? 0)) & 0xffff, question: { ...asked.question, name } },
    { ...nothing, answers: [{ name, ttlS: 60, data: { type: 'A', address } }] },
  );
}

test('resolver: an answer that ends at an alias is followed by a question for its target', async () => {
  const names = await Names.start('open');
  await liar(names, (query, send) => {
    const asked = decodeQuery(query);
    assert.ok(asked);
    if (asked.question.name !== 'far.example') return send(null, answerTo(query, '192.0.2.10', {}));
    const data = { type: 'CNAME', target: 'target.example' } as const;
    send(null, encodeAnswer(asked, { ...nothing, answers: [{ name: 'far.example', ttlS: 60, data }] }));
  });
  assert.equal(text((await names.ask('far.example')).answer), 'records 1 target.example');
});

test('resolver: a server that only points at others is no "there is none"', async () => {
  const names = await Names.start('open');
  await liar(names, (query, send) => {
    const asked = decodeQuery(query);
    assert.ok(asked);
    const data = { type: 'NS', target: 'ns.example' } as const;
    const referral = encodeAnswer(asked, { ...nothing, authorities: [{ name: 'example', ttlS: 60, data }] });
    // The encoder's own answers are authoritative; a referral is not.
    referral.writeUInt16BE(referral.readUInt16BE(2) & ~0x0400, 2);
    send(null, referral);
  });
  const { answer } = await names.ask('remote.example', 'MX');
  assert.equal(text(answer), 'refused');
  assert.match(answer.kind === 'temperror' ? answer.reason : '', /does not recurse/);
});

test('resolver: a PTR behind an alias of RFC 2317', async () => {
  const names = await Names.start('open');
  const { answer } = await names.ask('30.100.51.198.in-addr.arpa', 'PTR');
  assert.deepEqual(answer.kind === 'records' && answer.records, [
    { type: 'PTR', target: 'mail.example.com' },
  ]);
});

test('resolver: asked anew, neither what is cached nor what is stale counts', async () => {
  const names = await Names.start('open');
  const anew = (): Promise<DnsAnswer> =>
    names.clock.await(names.resolver.resolveAnew('mx.remote.example', 'A'));
  await names.ask('mx.remote.example');
  names.server(open).set('mx.remote.example A', ['192.0.2.11']);
  assert.equal(text((await names.ask('mx.remote.example')).answer), 'records 1 mx.remote.example');
  const fresh = await anew();
  assert.deepEqual(fresh.kind === 'records' && fresh.records, [{ type: 'A', address: '192.0.2.11' }]);
  names.server(open).behave({ silent: true });
  assert.equal(text(await anew()), 'timeout');
});

const lies: [string, (query: Buffer, host: SimHost) => [SimHost | null, Buffer]][] = [
  ['another ID', query => [null, answerTo(query, '192.0.2.66', { id: 1 })]],
  ['another question', query => [null, answerTo(query, '192.0.2.66', { name: 'evil.example' })]],
  ['another port', (query, host) => [host, answerTo(query, '192.0.2.66', {})]],
  ['noise', () => [null, Buffer.from('noise')]],
  ['the query itself', query => [null, query]],
];
for (const [sentence, lie] of lies) {
  test(`resolver: an answer with ${sentence} is not heard`, async () => {
    const names = await Names.start('open');
    const host = names.remotes.get(open);
    assert.ok(host);
    await liar(names, (query, send) => {
      send(...lie(query, host));
      names.clock.timer(5, () => send(null, answerTo(query, '192.0.2.10', {})));
    });
    const { answer } = await names.ask('mx.remote.example');
    assert.deepEqual(answer.kind === 'records' && answer.records, [{ type: 'A', address: '192.0.2.10' }]);
  });
}
