import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Takes all mail and remembers how often each Message-ID came. It shares no code with the gateway. */
export class CountingReceiver {
  readonly arrivals = new Map<string, number>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  lastAt = performance.now();

  private constructor() {
    this.#server = createServer(socket => this.#serve(socket));
  }

  static async start(port: number): Promise<CountingReceiver> {
    const receiver = new CountingReceiver();
    receiver.#server.listen(port, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.write('220 store.example.net ESMTP\r\n');
    let input = '';
    let inBody = false;
    socket.setEncoding('latin1').on('data', (text: string) => {
      input += text;
      let replies = '';
      for (;;) {
        const mark = inBody ? '\r\n.\r\n' : '\r\n';
        const end = input.indexOf(mark);
        if (end < 0) break;
        const piece = input.slice(0, end);
        input = input.slice(end + mark.length);
        if (inBody) {
          this.#count(piece);
          inBody = false;
          replies += '250 2.0.0 Taken\r\n';
          continue;
        }
        const verb = piece.slice(0, 4).toUpperCase();
        if (verb === 'EHLO') replies += '250-store.example.net\r\n250-PIPELINING\r\n250 8BITMIME\r\n';
        else if (verb === 'DATA') {
          inBody = true;
          replies += '354 Go on\r\n';
        } else if (verb === 'QUIT') {
          socket.end(`${replies}221 2.0.0 Bye\r\n`);
          return;
        } else replies += '250 2.0.0 Good\r\n';
      }
      if (replies) socket.write(replies);
    });
  }

  #count(message: string): void {
    const id = /^Message-ID: <([^>]+)>/im.exec(message)?.[1];
    if (id === undefined) return;
    this.lastAt = performance.now();
    this.arrivals.set(id, (this.arrivals.get(id) ?? 0) + 1);
  }
}

/** Sends messages one after another, and remembers which of them the gateway has acknowledged. */
export class RecordingSender {
  readonly acknowledged = new Set<string>();
  readonly #port: number;
  readonly #name: string;
  #sent = 0;
  #stopping = false;
  readonly #done: Promise<void>;

  constructor(port: number, name: string) {
    this.#port = port;
    this.#name = name;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      await this.#session().catch(() => {});
      await sleep(5);
    }
  }

  /** One connection, until it breaks or we stop. */
  async #session(): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port: this.#port });
    const replies = new ReplyReader(socket);
    try {
      await replies.expect(220);
      socket.write('EHLO client.example.com\r\n');
      await replies.expect(250);
      while (!this.#stopping) {
        const id = `${this.#name}.${this.#sent++}@client.example.com`;
        socket.write('MAIL FROM:<sender@example.com>\r\nRCPT TO:<receiver@example.net>\r\nDATA\r\n');
        await replies.expect(250);
        await replies.expect(250);
        await replies.expect(354);
        socket.write(`Message-ID: <${id}>\r\nSubject: crash\r\n\r\n${this.#body()}\r\n.\r\n`);
        await replies.expect(250);
        this.acknowledged.add(id);
      }
    } finally {
      socket.destroy();
    }
  }

  /** Every twentieth is too large for a row of the queue, so that the spool is under test too. */
  #body(): string {
    const line = `${'x'.repeat(76)}\r\n`;
    return line.repeat(this.#sent % 20 === 0 ? 2_000 : 50);
  }
}

/** Waits for replies one by one; rejects when the connection ends. */
class ReplyReader {
  #text = '';
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(socket: Socket) {
    const wake = (): void => this.#wake?.();
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text;
      wake();
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#ended = true;
      wake();
    });
  }

  async expect(code: number): Promise<void> {
    for (;;) {
      const last = /^(\d{3})(?: .*)?\r\n/m.exec(this.#text);
      if (last) {
        this.#text = this.#text.slice(last.index + last[0].length);
        if (Number(last[1]) === code) return;
        throw new Error(`expected ${code}, got ${last[0]}`);
      }
      if (this.#ended) throw new Error('the connection ended');
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }
}
