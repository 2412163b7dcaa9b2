/** A worker that speaks TLS for sockets of another thread: cipher in, meaning out, and the other way round. */
import { readFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import type { Crossing } from './crossing.ts';

const secureContext = createSecureContext({
  cert: readFileSync(`${workerData}.pem`),
  key: readFileSync(`${workerData}.key`),
});

/** The worker's end of one socket. */
type End = { readonly wire: Duplex; readonly tls: TLSSocket };
const ends = new Map<number, End>();
const send = (crossing: Crossing): void => parentPort?.postMessage(crossing);

function open(id: number): End {
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      send({ id, cipher: chunk });
      done();
    },
  });
  const tls = new TLSSocket(wire, { isServer: true, secureContext });
  tls.on('data', (plain: Buffer) => send({ id, plain }));
  tls.on('error', () => {});
  const end = { wire, tls };
  ends.set(id, end);
  return end;
}

parentPort?.on('message', ({ id, cipher, plain, closed }: Crossing) => {
  const end = ends.get(id) ?? open(id);
  if (cipher !== undefined) end.wire.push(Buffer.from(cipher));
  if (plain !== undefined) end.tls.write(Buffer.from(plain));
  if (closed !== true) return;
  end.tls.destroy();
  end.wire.destroy();
  ends.delete(id);
});
