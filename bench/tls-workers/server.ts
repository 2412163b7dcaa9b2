/**
 * A program: answers questions over TLS. Arguments: `main`, where its sockets are, or `worker`, through a thread; and the
 * certificate's file without its ending. Tells its port.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { answer, Questions } from './answers.ts';
import type { Crossing } from './crossing.ts';

const [place = 'main', certificate = ''] = process.argv.slice(2);

/** TLS where the sockets are. */
function serveHere(): (socket: Socket) => void {
  const secureContext = createSecureContext({
    cert: readFileSync(`${certificate}.pem`),
    key: readFileSync(`${certificate}.key`),
  });
  return socket => {
    const tls = new TLSSocket(socket, { isServer: true, secureContext });
    const questions = new Questions();
    tls.on('data', (plain: Buffer) => {
      for (let due = questions.heard(plain.length); due > 0; due -= 1) tls.write(answer);
    });
    tls.on('error', () => {});
  };
}

/** TLS in a worker; questions are still answered here, as an SMTP machine would. */
function serveThrough(worker: Worker): (socket: Socket) => void {
  let next = 0;
  const open = new Map<number, { readonly socket: Socket; readonly questions: Questions }>();
  const send = (crossing: Crossing): void => worker.postMessage(crossing);
  worker.on('message', ({ id, cipher, plain }: Crossing) => {
    const connection = open.get(id);
    if (connection === undefined) return;
    if (cipher !== undefined) connection.socket.write(cipher);
    if (plain === undefined) return;
    for (let due = connection.questions.heard(plain.length); due > 0; due -= 1) send({ id, plain: answer });
  });
  return socket => {
    const id = next++;
    open.set(id, { socket, questions: new Questions() });
    socket.on('data', (cipher: Buffer) => send({ id, cipher }));
    socket.on('error', () => {});
    socket.once('close', () => {
      open.delete(id);
      send({ id, closed: true });
    });
  };
}

const serve =
  place === 'worker'
    ? serveThrough(new Worker(new URL('cipher.ts', import.meta.url), { workerData: certificate }))
    : serveHere();
const server = createServer({ noDelay: true }, serve).listen({ host: '127.0.0.1', port: 0, backlog: 1_024 });
await once(server, 'listening');
const bound = server.address();
process.stdout.write(`${typeof bound === 'object' && bound !== null ? bound.port : 0}\n`);
