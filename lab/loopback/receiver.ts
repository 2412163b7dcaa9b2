import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

export type ReceiverParts = {
  /** The reply to a RCPT, without its line end. */
  readonly rcpt: (forwardPath: string) => string;
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
    const reply = this.#parts.rcpt(forwardPath);
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
