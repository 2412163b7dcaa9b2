/**
 * A program: sends so many messages from so many senders, each on one kept session after STARTTLS, its commands in
 * groups. Arguments: port, messages, senders, size in bytes. It says `ready`, begins when it is told anything, and says
 * `done` when every message was taken.
 */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const [port = 0, messages = 0, senders = 0, sizeBytes = 0] = process.argv.slice(2).map(Number);
const envelope = Buffer.from('MAIL FROM:<sender@example.com>\r\nRCPT TO:<receiver@example.net>\r\nDATA\r\n');
const content = contentOf(sizeBytes);
let left = messages;

function contentOf(size: number): Buffer {
  const header =
    'From: <sender@example.com>\r\nTo: <receiver@example.net>\r\nSubject: from the generator\r\n\r\n';
  const line = `${'X'.repeat(78)}\r\n`;
  const body = line.repeat(Math.max(1, Math.ceil((size - header.length) / line.length)));
  return Buffer.from(`${header}${body.slice(0, Math.max(2, size - header.length - 2))}\r\n.\r\n`);
}

/** Waits for so many replies; throws where one of them refuses. */
class Replies {
  #waiting = 0;
  #text = '';
  #done: () => void = () => {};
  #failed: (error: Error) => void = () => {};

  listen(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('data', chunk => this.#take(String(chunk)));
    socket.on('error', error => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('The gateway closed the connection.')));
  }

  async next(count: number): Promise<void> {
    this.#waiting = count;
    await new Promise<void>((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#take('');
    });
  }

  #take(text: string): void {
    this.#text += text;
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end < 0 || this.#waiting === 0) return;
      const line = this.#text.slice(0, end + 1);
      this.#text = this.#text.slice(end + 1);
      if (!/^[23]/.test(line)) this.#failed(new Error(`The gateway said: ${line.trim()}`));
      if (line[3] === ' ') this.#waiting -= 1;
      if (this.#waiting === 0) this.#done();
    }
  }
}

async function sender(): Promise<void> {
  const plain = connectTcp({ host: '127.0.0.1', port });
  const inClear = new Replies();
  inClear.listen(plain);
  await inClear.next(1);
  plain.write('EHLO client.example.com\r\n');
  await inClear.next(1);
  plain.write('STARTTLS\r\n');
  await inClear.next(1);
  plain.removeAllListeners('data');
  const socket = connectTls({ socket: plain, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const replies = new Replies();
  replies.listen(socket);
  socket.write('EHLO client.example.com\r\n');
  await replies.next(1);
  while (left > 0) {
    left -= 1;
    socket.write(envelope);
    await replies.next(3);
    socket.write(content);
    await replies.next(1);
  }
  socket.write('QUIT\r\n');
  await replies.next(1);
  socket.destroy();
}

process.stdout.write('ready\n');
await once(process.stdin, 'data');
await Promise.all(Array.from({ length: senders }, sender));
process.stdout.write('done\n');
process.exit(0);
