import assert from 'node:assert/strict';
import { connect, Socket } from 'node:net';
import test from 'node:test';
import type { Connection, ConnectTarget } from '../ports.ts';
import { adopted } from './incoming.ts';
import { networkErrorOf } from './network-error.ts';
import { realNetwork } from './real-network.ts';

/** To a listener on 127.0.0.3. */
const at = ({ port }: { readonly port: number }): ConnectTarget => ({
  source: null,
  address: '127.0.0.3',
  port,
  timeoutMs: 5_000,
});

const kinds: [string, string][] = [
  ['EADDRNOTAVAIL', 'address_absent'],
  ['ECONNREFUSED', 'refused'],
  ['EHOSTUNREACH', 'host_unreachable'],
  ['ENETUNREACH', 'network_unreachable'],
  ['EACCES', 'prohibited'],
  ['EMFILE', 'resources'],
  ['EWHATEVER', 'other'],
];
for (const [code, kind] of kinds) {
  test(`network errors: ${code} is ${kind}`, () => {
    assert.equal(networkErrorOf(Object.assign(new Error('x'), { code }), 'Connecting').kind, kind);
  });
}

test('network of the machine: what one connection brought stays as it was while others are read', async () => {
  const network = realNetwork();
  const heard: Buffer[] = [];
  const all = Promise.withResolvers<void>();
  const listener = await network.listen('127.0.0.3', 0, connection => {
    connection.handle({
      data(chunk) {
        heard.push(chunk);
        if (heard.length === 3) all.resolve();
        else connection.write([Buffer.from('the next\r\n')]);
      },
      drained() {},
      closed() {},
    });
  });
  assert.ok(listener.ok);
  const answers: Buffer[] = [];
  const clients: Connection[] = [];
  const words = ['of the first', 'of the second, longer', 'of the third'];
  const call = async (): Promise<void> => {
    const client = await network.connect(at(listener.value));
    assert.ok(client.ok);
    clients.push(client.value);
    client.value.handle({
      data(chunk) {
        answers.push(chunk);
        void call();
      },
      drained() {},
      closed() {},
    });
    client.value.write([Buffer.from(words[heard.length] ?? '')]);
  };
  await call();
  await all.promise;
  assert.deepEqual(heard.map(String), words);
  assert.deepEqual(answers.map(String), ['the next\r\n', 'the next\r\n']);
  for (const client of clients) client.destroy();
  await listener.value.close();
});

test('network of the machine: who keeps what it heard keeps little more', async () => {
  const network = realNetwork();
  const heard: Buffer[] = [];
  const all = Promise.withResolvers<void>();
  const listener = await network.listen('127.0.0.3', 0, connection => {
    connection.handle({
      data(chunk) {
        heard.push(chunk);
        if (chunk.includes('.\r\n')) all.resolve();
        else connection.write([Buffer.from('354 go on\r\n')]);
      },
      drained() {},
      closed() {},
    });
  });
  assert.ok(listener.ok);
  const client = await network.connect(at(listener.value));
  assert.ok(client.ok);
  const { value: caller } = client;
  caller.handle({
    data: () => caller.write([Buffer.from(`${'x'.repeat(5_000)}\r\n.\r\n`)]),
    drained() {},
    closed() {},
  });
  caller.write([Buffer.from('DATA\r\n')]);
  await all.promise;
  const [line, ...body] = heard;
  assert.equal(String(line), 'DATA\r\n');
  assert.ok((line?.buffer.byteLength ?? 0) <= 8_192);
  assert.ok(body.some(({ length }) => length >= 2_048));
  for (const { length, buffer } of body)
    if (length >= 2_048) assert.equal(buffer.byteLength, length, 'a body is its own');
  caller.destroy();
  await listener.value.close();
});

test('network of the machine: what no server of Node’s accepted is not adopted', () => {
  const accepted = new Socket();
  const { socket, incoming } = adopted(accepted);
  assert.ok(socket === accepted && incoming === null);
});

test('network of the machine: a connect that is given up under way ends at once', async () => {
  const network = realNetwork();
  const controller = new AbortController();
  const listener = await network.listen('127.0.0.3', 0, connection => connection.destroy());
  assert.ok(listener.ok);
  const connecting = network.connect({
    source: '127.0.0.2',
    address: '127.0.0.3',
    port: listener.value.port,
    timeoutMs: 5_000,
    signal: controller.signal,
  });
  controller.abort();
  const result = await connecting;
  assert.equal(result.ok ? 'connected' : result.error.kind, 'aborted');
  await listener.value.close();
});

test('network of the machine: replies written while reading is paused reach a client that has already ended', async () => {
  const network = realNetwork();
  const held = Promise.withResolvers<Connection>();
  const listener = await network.listen('127.0.0.3', 0, connection => {
    connection.handle({
      data() {
        connection.pause();
        held.resolve(connection);
      },
      drained() {},
      closed() {},
    });
  });
  assert.ok(listener.ok);
  const client = await network.connect(at(listener.value));
  assert.ok(client.ok);
  const over = Promise.withResolvers<string>();
  let heard = '';
  client.value.handle({
    data: chunk => {
      heard += chunk.toString();
    },
    drained() {},
    closed: () => over.resolve(heard),
  });
  client.value.write([Buffer.from('.\r\nQUIT\r\n')]);
  client.value.end();
  const server = await held.promise;
  for (let turn = 0; turn < 20; turn += 1) await new Promise(resolve => setImmediate(resolve));
  server.write([Buffer.from('250 2.0.0 Kept\r\n')]);
  server.resume();
  assert.equal(await over.promise, '250 2.0.0 Kept\r\n');
  await listener.value.close();
});

test('network of the machine: a watch of the host starts and leaves nothing behind', () => {
  const network = realNetwork();
  const watches = [network.watchHost(() => {}), network.watchHost(() => {})];
  for (const watch of watches) watch.close();
});

test('network of the machine: loopback needs no policy route', async () => {
  const route = await realNetwork().routeOf('127.0.0.2');
  assert.deepEqual([route?.interface, route?.fallback, route?.unreachable], ['lo', true, false]);
});

for (const [bound, called] of [
  ['0.0.0.0', '127.0.0.4'],
  ['127.0.0.4', '127.0.0.4'],
] as const)
  test(`network of the machine: at a listener of ${bound} a connection knows at which address it was called`, async () => {
    const accepted = Promise.withResolvers<Connection>();
    const listener = await realNetwork().listen(bound, 0, accepted.resolve);
    assert.ok(listener.ok);
    const { port } = listener.value;
    const caller = connect({ host: called, port });
    const connection = await accepted.promise;
    caller.destroy();
    connection.destroy();
    await listener.value.close();
    assert.deepEqual([connection.localAddress, connection.localPort], [called, port]);
  });

test('network of the machine: of calls that come together many are taken in one turn of the loop', async () => {
  const calls = 80;
  const taken: Connection[] = [];
  const listener = await realNetwork().listen('127.0.0.3', 0, connection => taken.push(connection));
  assert.ok(listener.ok);
  const { port } = listener.value;
  const callers = Array.from({ length: calls }, () => connect({ host: '127.0.0.3', port }));
  let turns = 0;
  while (taken.length < calls) {
    await new Promise(resolve => setImmediate(resolve));
    if (taken.length > 0) turns += 1;
  }
  assert.ok(turns < calls / 2, `${turns} turns`);
  for (const caller of callers) caller.destroy();
  for (const connection of taken) connection.destroy();
  await listener.value.close();
});
