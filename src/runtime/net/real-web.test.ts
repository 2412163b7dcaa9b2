import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createWebServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import test from 'node:test';
import { realWeb } from './real-web.ts';

const web = realWeb();
const call = { contentType: 'text/plain', body: 'isp1 is down', timeoutMs: 20_000, source: null };

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/mail?topic=x`;
}

/** A server that does this with each client. */
async function serving(
  answer: (socket: Socket) => void,
): Promise<{ url: string; close: () => Promise<void>; heard: () => string }> {
  const sockets = new Set<Socket>();
  let heard = '';
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', chunk => (heard += chunk.toString('latin1')));
    answer(socket);
  });
  return {
    url: await listening(server),
    heard: () => heard,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test('a text is posted from the address that is wanted, and the status comes back', async () => {
  const seen: unknown[] = [];
  const server = createWebServer((request, response) => {
    const chunks: Buffer[] = [];
    const { method, url, headers, socket } = request;
    seen.push([method, url, headers['content-type'], headers.title, socket.remoteAddress]);
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      seen.push(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end('not read');
    });
  });
  const url = await listening(server);
  const headers = { Title: 'isp1 is down' };
  const result = await web.post({ ...call, url, headers, source: '127.0.0.3' });
  assert.deepEqual(result, { ok: true, value: 302 });
  assert.deepEqual(seen, [
    ['POST', '/mail?topic=x', 'text/plain', 'isp1 is down', '127.0.0.3'],
    'isp1 is down',
  ]);
  server.close();
  await once(server, 'close');
});

test('a server that takes the call and never answers is given up at the limit', async () => {
  const server = await serving(() => undefined);
  const result = await web.post({ ...call, url: server.url, timeoutMs: 300 });
  assert.deepEqual(result, { ok: false, error: `${new URL(server.url).host} did not answer in 300 ms.` });
  assert.match(server.heard(), /^POST /);
  await server.close();
});

test('a server whose header never ends is given up at the limit', async () => {
  const server = await serving(socket => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const more = setInterval(() => socket.write('X: y\r\n'), 20);
    socket.on('close', () => clearInterval(more));
  });
  const result = await web.post({ ...call, url: server.url, timeoutMs: 300 });
  assert.ok(!result.ok);
  await server.close();
});

const faults: [string, (socket: Socket) => void][] = [
  ['hangs up', socket => socket.destroy()],
  ['answers what is no HTTP', socket => socket.write('220 mx.remote.example ESMTP\r\n')],
  ['has a header without bounds', socket => socket.write(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(200_000)}\r\n`)],
];
for (const [what, answer] of faults) {
  test(`a server that ${what} is an error in words`, async () => {
    const server = await serving(answer);
    const result = await web.post({ ...call, url: server.url });
    assert.ok(!result.ok);
    assert.match(result.error, /^127\.0\.0\.1:\d+ could not be called: .+\.$/);
    assert.doesNotMatch(result.error, /topic/);
    await server.close();
  });
}

test('a body without end is not read', async () => {
  const server = await serving(socket => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const more = (): boolean => socket.write(Buffer.alloc(65_536));
    socket.on('drain', more);
    more();
  });
  assert.deepEqual(await web.post({ ...call, url: server.url }), { ok: true, value: 200 });
  await server.close();
});

test('nobody there, and a name of both families that nobody answers, are errors in words', async () => {
  const server = await serving(() => undefined);
  await server.close();
  for (const url of [server.url, server.url.replace('127.0.0.1', 'localhost')]) {
    const result = await web.post({ ...call, url });
    assert.ok(!result.ok);
    assert.match(result.error, /ECONNREFUSED/);
  }
});

test('a source address that is not on this host is an error', async () => {
  const server = await serving(() => undefined);
  const result = await web.post({ ...call, url: server.url, source: '198.51.100.30' });
  assert.ok(!result.ok);
  assert.match(result.error, /EADDRNOTAVAIL|EINVAL/);
  await server.close();
});

test('a stop ends the call', async () => {
  const server = await serving(() => undefined);
  const stop = new AbortController();
  const calling = web.post({ ...call, url: server.url, signal: stop.signal });
  stop.abort();
  const { host } = new URL(server.url);
  const error = `The call to ${host} was given up, because Postern stops.`;
  assert.deepEqual(await calling, { ok: false, error });
  assert.deepEqual(await web.post({ ...call, url: server.url, signal: stop.signal }), { ok: false, error });
  await server.close();
});

/** A server that answers each request with a response as it stands. */
const answering = (response: (path: string) => string) =>
  serving(socket =>
    socket.on('data', chunk => socket.end(response(chunk.toString('latin1').split(' ')[1] ?? ''))),
  );

test('a text is got from the address that is wanted, under the name of the URL, and no redirect is followed', async () => {
  const server = await answering(path =>
    path === '/moved'
      ? 'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 5\r\n\r\nmoved'
      : 'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nversion: STSv1\n',
  );
  const { port } = new URL(server.url);
  const wanted = { address: '127.0.0.1', limitBytes: 100, timeoutMs: 20_000 };
  const url = `http://mta-sts.example.com:${port}/`;
  const text = { status: 200, body: 'version: STSv1\n' };
  assert.deepEqual(await web.get({ ...wanted, url }), { ok: true, value: text });
  const moved = { status: 302, body: 'moved' };
  assert.deepEqual(await web.get({ ...wanted, url: `${url}moved` }), { ok: true, value: moved });
  assert.match(server.heard(), new RegExp(`^host: mta-sts\\.example\\.com:${port}\r$`, 'im'));
  await server.close();
});

test('a text that is too long is given up', async () => {
  const server = await answering(() => `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1_000)}`);
  const result = await web.get({ url: server.url, address: '127.0.0.1', limitBytes: 100, timeoutMs: 20_000 });
  assert.ok(!result.ok);
  assert.match(result.error, /more than 100 bytes/);
  await server.close();
});
