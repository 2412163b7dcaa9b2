import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type ReceiverParts = {
  /** The reply to a RCPT, without its line end. Left out: all are good. */
  readonly rcpt?: (forwardPath: string) => string;
  /** A message is taken; called before the client is told. */
  readonly taken: (message: string, forwardPaths: readonly string[]) => void;
};

/** One client's dialogue with a receiver. */
class ReceiverSession {
  readonly #socket: Socket;
  readonly #parts: ReceiverParts;
  #input = '';
  #inBody = false;
  #forwardPaths: string[] = [];

  constructor(socket: Socket, parts: ReceiverParts) {
    this.#socket = socket;
    this.#parts = parts;
    socket.write('220 store.example.net ESMTP\r\n');
    socket.setEncoding('latin1').on('data', (text: string) => this.#read(text));
  }

  #read(text: string): void {
    this.#input += text;
    let replies = '';
    for (;;) {
      const mark = this.#inBody ? '\r\n.\r\n' : '\r\n';
      const end = this.#input.indexOf(mark);
      if (end < 0) break;
      const piece = this.#input.slice(0, end);
      this.#input = this.#input.slice(end + mark.length);
      replies += `${this.#inBody ? this.#message(`${piece}\r\n`) : this.#command(piece)}\r\n`;
    }
    if (replies.endsWith(farewell)) this.#socket.end(replies);
    else if (replies) this.#socket.write(replies);
  }

  #message(text: string): string {
    this.#inBody = false;
    this.#parts.taken(text, this.#forwardPaths);
    return '250 2.0.0 Taken';
  }

  #command(line: string): string {
    switch (line.slice(0, 4).toUpperCase()) {
      case 'EHLO':
        return '250-store.example.net\r\n250-PIPELINING\r\n250 8BITMIME';
      case 'MAIL':
        this.#forwardPaths = [];
        return '250 2.1.0 Good';
      case 'RCPT':
        return this.#rcpt(/<(.*)>/.exec(line)?.[1] ?? '');
      case 'DATA':
        if (this.#forwardPaths.length === 0) return '503 5.5.1 No recipient';
        this.#inBody = true;
        return '354 Go on';
      case 'QUIT':
        return '221 2.0.0 Bye';
      default:
        return '250 2.0.0 Good';
    }
  }

  #rcpt(forwardPath: string): string {
    const reply = this.#parts.rcpt?.(forwardPath) ?? '250 2.1.5 Good';
    if (reply.startsWith('2')) this.#forwardPaths.push(forwardPath);
    return reply;
  }
}

const farewell = '221 2.0.0 Bye\r\n';

/** A receiver that shares no code with the gateway. */
export class PlainReceiver {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(parts: ReceiverParts) {
    this.#server = createServer(socket => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      new ReceiverSession(socket, parts);
    });
  }

  static async start(port: number, parts: ReceiverParts): Promise<PlainReceiver> {
    const receiver = new PlainReceiver(parts);
    receiver.#server.listen(port, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Takes all mail and remembers how often each Message-ID came. */
export class CountingReceiver {
  readonly arrivals = new Map<string, number>();
  lastAt = performance.now();
  #receiver: PlainReceiver | null = null;

  static async start(port: number): Promise<CountingReceiver> {
    const counting = new CountingReceiver();
    counting.#receiver = await PlainReceiver.start(port, { taken: message => counting.#count(message) });
    return counting;
  }

  async stop(): Promise<void> {
    await this.#receiver?.stop();
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

/** The gateway said something else than its client had hoped for. */
export class UnexpectedReply extends Error {
  readonly reply: string;

  constructor(expected: number, reply: string) {
    super(`expected ${expected}, got ${reply}`);
    this.reply = reply;
  }
}

/** Waits for replies one by one; rejects when the connection ends. */
export class ReplyReader {
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

  /** Gives the last line of the reply. */
  async expect(code: number): Promise<string> {
    for (;;) {
      const last = /^(\d{3})(?: .*)?\r\n/m.exec(this.#text);
      if (last) {
        this.#text = this.#text.slice(last.index + last[0].length);
        if (Number(last[1]) === code) return last[0];
        throw new UnexpectedReply(code, last[0].trim());
      }
      if (this.#ended) throw new Error('the connection ended');
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }
}
