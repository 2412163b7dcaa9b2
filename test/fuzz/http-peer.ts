import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { realClock } from '../../src/runtime/real-clock.ts';
import { HttpServer } from '../../src/surface/http/http-server.ts';

const page = { status: 200, type: 'text/plain', body: 'a page\n' } as const;

let running: Promise<HttpServer> | null = null;

async function start(): Promise<HttpServer> {
  const server = new HttpServer({
    clock: realClock,
    page: path => (path === '/metrics' ? Promise.resolve(page) : null),
    tell: (_level, message) => assert.fail(message),
  });
  await server.set({ address: '127.0.0.1', port: 0 });
  return server;
}

/** Says these bytes to the server of pages, then asks honestly: whatever was said, the page is there. */
export async function feedHttp(bytes: Buffer): Promise<void> {
  running ??= start();
  const port = (await running).address?.port ?? 0;
  await say(port, bytes);
  const answer = await say(
    port,
    Buffer.from('GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
  );
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*a page\n$/);
}

/** Ends the server that `feedHttp` has started. */
export async function endHttp(): Promise<void> {
  await (await running)?.close();
  running = null;
}

/** Gives what was answered until the far side closed, which it does when we have ended. */
function say(port: number, bytes: Buffer): Promise<string> {
  return new Promise(resolve => {
    let heard = '';
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (heard += text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(heard));
    socket.end(bytes);
  });
}
