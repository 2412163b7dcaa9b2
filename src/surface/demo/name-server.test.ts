import assert from 'node:assert/strict';
import test from 'node:test';
import { type DnsResponse, decodeResponse, encodeQuery } from '../../protocol/dns/message.ts';
import type { RecordType } from '../../protocol/dns/record.ts';
import { StreamReader, streamFrame } from '../../protocol/dns/stream.ts';
import { realNetwork } from '../../runtime/net/real-network.ts';
import { realClock } from '../../runtime/real-clock.ts';
import { type NameServerSetting, type RunningNameServer, startNameServer } from './name-server.ts';

const network = realNetwork();
const zone = {
  'example.com MX': ['10 mx1.example.com', '20 mx2.example.com'],
  'mx1.example.com A': ['198.51.100.30'],
  'www.example.com CNAME': ['mx1.example.com'],
  'loop.example.com CNAME': ['loop.example.com'],
  'many.example.com TXT': Array.from({ length: 20 }, (_, n) => `${n}${'x'.repeat(200)}`),
  'null.example MX': ['0 .'],
};

async function withServer(
  more: Partial<NameServerSetting>,
  use: (server: RunningNameServer) => Promise<void>,
): Promise<void> {
  const setting = { address: '127.0.0.1', port: 0, zone, clock: realClock, ...more };
  const started = await startNameServer(network, setting);
  assert.ok(started.ok);
  try {
    await use(started.value);
  } finally {
    await started.value.close();
  }
}

async function askByUdp(
  server: RunningNameServer,
  name: string,
  type: RecordType,
  source = '127.0.0.1',
): Promise<DnsResponse | null> {
  const socket = await network.datagrams(source, 4);
  assert.ok(socket.ok);
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  socket.value.handle(resolve);
  socket.value.send(encodeQuery(1, name, type), server);
  const answer = decodeResponse(await promise);
  socket.value.close();
  return answer;
}

async function askByTcp(
  server: RunningNameServer,
  name: string,
  type: RecordType,
): Promise<DnsResponse | null> {
  const target = { source: null, address: server.address, port: server.port, timeoutMs: 1_000 };
  const connected = await network.connect(target);
  assert.ok(connected.ok);
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const closed = Promise.withResolvers<void>();
  const reader = new StreamReader();
  connected.value.handle({
    data: chunk => reader.push(chunk).forEach(resolve),
    drained() {},
    closed: () => closed.resolve(),
  });
  connected.value.write(streamFrame(encodeQuery(1, name, type)));
  const answer = decodeResponse(await promise);
  connected.value.end();
  await closed.promise;
  return answer;
}

const rows: [string, string, RecordType, string, number, number][] = [
  ['records of a name', 'example.com', 'MX', 'noerror', 2, 0],
  ['a name in other letters', 'EXAMPLE.com', 'MX', 'noerror', 2, 0],
  ['a name without this type', 'example.com', 'A', 'noerror', 0, 1],
  ['a name that only has names below it', 'com', 'A', 'noerror', 0, 1],
  ['a name that does not exist', 'other.example.com', 'A', 'nxdomain', 0, 1],
  ['an alias with its target', 'www.example.com', 'A', 'noerror', 2, 0],
  ['an alias of itself', 'loop.example.com', 'A', 'noerror', 9, 0],
  ['a null MX', 'null.example', 'MX', 'noerror', 1, 0],
];
for (const [sentence, name, type, rcode, answers, authorities] of rows) {
  test(`name server: ${sentence}`, () =>
    withServer({}, async server => {
      const answer = await askByUdp(server, name, type);
      assert.deepEqual(
        [answer?.rcode, answer?.answers.length, answer?.authorities.length],
        [rcode, answers, authorities],
      );
    }));
}

test('name server: what does not fit a datagram is cut, and whole by TCP', () =>
  withServer({}, async server => {
    const cut = await askByUdp(server, 'many.example.com', 'TXT');
    assert.deepEqual([cut?.truncated, cut?.answers.length], [true, 0]);
    const whole = await askByTcp(server, 'many.example.com', 'TXT');
    assert.deepEqual([whole?.truncated, whole?.answers.length], [false, 20]);
    assert.deepEqual(
      server.queries.map(({ by }) => by),
      ['udp', 'tcp'],
    );
  }));

test('name server: strangers are refused', () =>
  withServer({ customers: ['127.0.0.2/32'] }, async server => {
    assert.equal((await askByUdp(server, 'example.com', 'MX', '127.0.0.3'))?.rcode, 'refused');
    assert.equal((await askByUdp(server, 'example.com', 'MX', '127.0.0.2'))?.rcode, 'noerror');
    assert.deepEqual(
      server.queries.map(({ from }) => from),
      ['127.0.0.3', '127.0.0.2'],
    );
  }));

test('name server: behaviour and records change while it runs', () =>
  withServer({ authenticated: true }, async server => {
    assert.equal((await askByUdp(server, 'example.com', 'MX'))?.authenticated, true);
    server.behave({ servfail: true });
    assert.equal((await askByUdp(server, 'example.com', 'MX'))?.rcode, 'servfail');
    server.behave({ servfail: false, delayMs: 1 });
    server.set('example.com MX', null);
    assert.equal((await askByUdp(server, 'example.com', 'MX'))?.answers.length, 0);
    server.replace({ 'example.com MX': ['5 mx3.example.com'] });
    assert.equal((await askByUdp(server, 'example.com', 'MX'))?.answers.length, 1);
  }));

test('name server: a broken query is not answered and harms nothing', () =>
  withServer({}, async server => {
    const socket = await network.datagrams('127.0.0.1', 4);
    assert.ok(socket.ok);
    socket.value.send(Buffer.from('hello'), server);
    assert.equal((await askByUdp(server, 'example.com', 'MX'))?.rcode, 'noerror');
    socket.value.close();
    assert.equal(server.queries.length, 1);
  }));
