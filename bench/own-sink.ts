/**
 * A program: takes all mail on a port of loopback and counts its recipients. With `tls` as an argument it offers
 * STARTTLS; with a number it listens on the addresses of so many remote domains too, all on one port. It tells its port
 * first, then the count whenever it was asked (any line on standard input), one number a line.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { sinkAddress } from './remote-domains.ts';
import { SinkSession } from './sink-session.ts';

const startTls = process.argv.includes('tls');
const addresses = Number(process.argv.slice(2).find(argument => argument !== 'tls') ?? 0);
let delivered = 0;

/** Listens on one more address; port 0 takes a free one. Gives the port. */
async function listen(host: string, port: number): Promise<number> {
  const server = createServer(socket => {
    const session = new SinkSession(socket, {
      startTls,
      took: recipients => (delivered += recipients.length),
    });
    session.greet();
  });
  server.listen({ host, port, backlog: 1024 });
  await once(server, 'listening');
  const address = server.address();
  return address !== null && typeof address !== 'string' ? address.port : 0;
}

const port = await listen('127.0.0.1', 0);
for (let at = 0; at < addresses; at++) await listen(sinkAddress(at), port);
process.stdout.write(`${port}\n`);
process.stdin.on('data', () => process.stdout.write(`${delivered}\n`)).on('end', () => process.exit(0));
