import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import test from 'node:test';
import { FakeGateway, traced } from '../../../test/surface/fake-gateway.ts';
import { samplesOf } from '../../../test/surface/metric-samples.ts';
import { realClock } from '../../runtime/real-clock.ts';
import { countEvents, servePages } from '../cli/served-pages.ts';
import { HttpServer, type HttpServerParts } from './http-server.ts';
import { healthPage, readyPage } from './page.ts';

type Answer = { status: number; type: string; body: string };

function ask(port: number, path: string, method = 'GET', address = '127.0.0.1'): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const call = request({ host: address, port, path, method, agent: false }, response => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => (body += chunk));
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body });
    });
  });
  call.on('error', reject);
  call.end();
  return promise;
}

async function withServer(
  run: (server: HttpServer, port: number) => Promise<void>,
  parts: Partial<HttpServerParts> = {},
): Promise<void> {
  const page = { status: 200, type: 'text/plain', body: 'a page\n' } as const;
  const server = new HttpServer({
    clock: realClock,
    page: path => (path === '/page' ? Promise.resolve(page) : null),
    tell: () => undefined,
    ...parts,
  });
  try {
    await server.set({ address: '127.0.0.1', port: 0 });
    await run(server, server.address?.port ?? 0);
  } finally {
    await server.close();
  }
}

const asked: [string, string, string, number, RegExp][] = [
  ['a page', 'GET', '/page', 200, /^a page\n$/],
  ['a page with a query', 'GET', '/page?x=/healthz', 200, /^a page\n$/],
  ['the head of a page', 'HEAD', '/page', 200, /^$/],
  ['what is not there', 'GET', '/__proto__', 404, /metrics, .healthz and .readyz/],
  ['another spelling', 'GET', '//page', 404, /metrics/],
  ['a change', 'POST', '/page', 405, /^Only GET and HEAD/],
  ['a removal', 'DELETE', '/page', 405, /^Only GET and HEAD/],
];
for (const [sentence, method, path, status, body] of asked) {
  test(`asked for ${sentence}: ${status}`, async () => {
    await withServer(async (_server, port) => {
      const answer = await ask(port, path, method);
      assert.equal(answer.status, status);
      assert.match(answer.body, body);
    });
  });
}

test('junk, a header without bounds and a body that nobody wanted do not harm it', async () => {
  await withServer(async (_server, port) => {
    const junk = ['\x16\x03\x01\x02\x00\x01', `GET /page HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`];
    for (const bytes of junk) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      socket.end(bytes);
      await once(socket, 'close');
    }
    const flood = connect(port, '127.0.0.1');
    flood.on('error', () => undefined);
    flood.resume();
    flood.write('POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n');
    flood.write(Buffer.alloc(1_000_000));
    await once(flood, 'close');
    assert.equal((await ask(port, '/page')).status, 200);
  });
});

test('a page that fails is 500 and told', async () => {
  const told: string[] = [];
  const parts = {
    page: () => Promise.reject(new Error('a fault')),
    tell: (_level: string, message: string) => void told.push(message),
  };
  await withServer(async (_server, port) => assert.equal((await ask(port, '/page')).status, 500), parts);
  assert.deepEqual(told, ['A page of http failed by a fault of Postern: Error: a fault.']);
});

test('a changed address moves it, and who was connected is let go', async () => {
  await withServer(async (server, port) => {
    const idle = connect(port, '127.0.0.1');
    idle.on('error', () => undefined);
    await once(idle, 'connect');
    const gone = once(idle, 'close');
    await server.set({ address: '127.0.0.2', port });
    await gone;
    await assert.rejects(ask(port, '/page'));
    assert.equal((await ask(port, '/page', 'GET', '127.0.0.2')).status, 200);
    await server.set(null);
    assert.equal(server.address, null);
    await assert.rejects(ask(port, '/page', 'GET', '127.0.0.2'));
  });
});

test('an address that is taken is told once, tried again, and taken when it is free', async () => {
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const bound = other.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const told: string[] = [];
  const opened = Promise.withResolvers<void>();
  const timers: (() => void)[] = [];
  const clock = {
    ...realClock,
    timer: (_ms: number, fire: () => void) => {
      timers.push(fire);
      return { cancel: () => undefined };
    },
  };
  const server = new HttpServer({
    clock,
    page: () => null,
    tell: (level, message) => {
      told.push(message);
      if (level === 'info') opened.resolve();
    },
  });
  await server.set({ address: '127.0.0.1', port });
  timers.shift()?.();
  await server.close().catch(() => undefined);
  assert.equal(told.length, 1);
  assert.match(
    told[0] ?? '',
    /^The address 127\.0\.0\.1:\d+ of http cannot be opened .* mail goes on meanwhile\.$/,
  );
  await server.set({ address: '127.0.0.1', port });
  other.close();
  await once(other, 'close');
  timers.at(-1)?.();
  await opened.promise;
  assert.match(told.at(-1) ?? '', /is open now\.$/);
  await server.close();
});

test('metrics, health and readiness of a gateway', async () => {
  const gateway = new FakeGateway();
  gateway.queue.outages = () => Promise.resolve({ ok: true, value: [] });
  const metrics = countEvents(gateway.events, realClock, '1.2.3');
  metrics.watch(gateway);
  gateway.events.emit({ kind: 'message', trace: traced, sizeBytes: null });
  let port = 0;
  await withServer(async (_server, free) => {
    port = free;
    await Promise.resolve();
  });
  const pages = servePages(gateway, metrics, realClock, () => undefined);
  await pages.set({ address: '127.0.0.1', port });
  const page = await ask(port, '/metrics');
  assert.equal(page.type, 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(samplesOf(page.body).get('postern_recipients_total{event="attempt",uplink="isp1"}'), 1);
  assert.deepEqual(await ask(port, '/healthz'), {
    status: 200,
    type: 'application/json; charset=utf-8',
    body: '{"healthy":true,"reasons":[]}\n',
  });
  assert.equal((await ask(port, '/readyz')).status, 200);
  pages.stopping();
  const stopping = await ask(port, '/readyz');
  assert.equal(stopping.status, 503);
  assert.deepEqual(JSON.parse(stopping.body).reasons, ['Postern is stopping.']);
  await pages.close();
});

test('a queue that fails, or does not answer, is no health', async () => {
  const gateway = new FakeGateway();
  gateway.queue.counts = () =>
    Promise.resolve({ ok: false, error: { kind: 'failed', message: 'The queue is gone.' } });
  assert.equal((await healthPage(gateway, realClock)).status, 503);
  gateway.queue.counts = () => Promise.withResolvers<never>().promise;
  const impatient = { ...realClock, sleep: () => Promise.resolve() };
  const page = await healthPage(gateway, impatient);
  assert.deepEqual(
    [page.status, JSON.parse(page.body).reasons],
    [503, ['The queue has not answered in 3000 ms.']],
  );
});

const listening = { address: '127.0.0.1', port: 25, role: 'mx', state: 'listening' };
const absent = { ...listening, state: 'absent' };
const standings: [string, (typeof listening)[], string | null, number, string[]][] = [
  ['one listener of two is open', [absent, listening], null, 200, []],
  ['none is configured', [], null, 200, []],
  ['no listener is open', [absent], null, 503, ['No listener is open; the log says why.']],
  ['the disk is full', [listening], 'The disk is full.', 503, ['The disk is full.']],
];
for (const [sentence, listeners, unwritable, status, reasons] of standings) {
  test(`ready or not: ${sentence}`, () => {
    const gateway = new FakeGateway();
    gateway.listeners = () => listeners;
    gateway.queueStanding = () => ({ census: null, freeBytes: 1, unwritable });
    const page = readyPage(gateway, false);
    assert.equal(page.status, status);
    assert.deepEqual(JSON.parse(page.body).reasons, reasons);
    assert.equal(JSON.parse(page.body).uplinks_up, 1);
  });
}
