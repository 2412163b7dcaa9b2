/**
 * A program: sends so many messages from so many senders, each on one kept session, its commands in groups; after
 * STARTTLS where it is told so. Argument: the load as JSON (`Load` and the port). It says `ready`, begins when it is
 * told anything, and says `done` when every message was taken.
 */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { contentOf } from './content.ts';
import type { Load } from './relay/load.ts';
import { remoteDomain } from './remote-domains.ts';
import { Replies } from './replies.ts';

const load: Load & { port: number } = JSON.parse(process.argv[2] ?? '{}');
const content = contentOf(load.sizeBytes);
let sent = 0;

/** MAIL, every RCPT and DATA of the message with this number: the domains take turns. */
function envelopeOf(number: number): string {
  const domain = load.domains > 0 ? remoteDomain(number % load.domains) : 'example.net';
  const recipients = Array.from({ length: load.recipients }, (_, at) => `RCPT TO:<r${at}@${domain}>\r\n`);
  return `MAIL FROM:<sender@example.com>\r\n${recipients.join('')}DATA\r\n`;
}

/** A session that has been greeted, over TLS where the load wants it. */
async function open(): Promise<{ socket: Socket; replies: Replies }> {
  const plain = connectTcp({ host: '127.0.0.1', port: load.port });
  const inClear = new Replies();
  inClear.listen(plain);
  await inClear.next(1);
  plain.write('EHLO client.example.com\r\n');
  await inClear.next(1);
  if (!load.tls) return { socket: plain, replies: inClear };
  plain.write('STARTTLS\r\n');
  await inClear.next(1);
  plain.removeAllListeners('data');
  const socket = connectTls({ socket: plain, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const replies = new Replies();
  replies.listen(socket);
  socket.write('EHLO client.example.com\r\n');
  await replies.next(1);
  return { socket, replies };
}

async function sender(): Promise<void> {
  const { socket, replies } = await open();
  while (sent < load.messages) {
    socket.write(envelopeOf(sent++));
    await replies.next(2 + load.recipients);
    socket.write(content);
    await replies.next(1);
  }
  socket.write('QUIT\r\n');
  await replies.next(1);
  socket.destroy();
}

process.stdout.write('ready\n');
await once(process.stdin, 'data');
await Promise.all(Array.from({ length: load.senders }, sender));
process.stdout.write('done\n');
process.exit(0);
