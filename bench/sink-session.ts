import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';

export type SinkHost = {
  readonly startTls: boolean;
  /** Called when the end of a message's content is there, before it is answered. */
  readonly took: (recipients: readonly string[]) => void;
};

const certificates = join(import.meta.dirname, '..', 'test', 'certificates');
const offers = ['PIPELINING', 'SIZE 50000000', '8BITMIME', 'ENHANCEDSTATUSCODES'];
const endOfData = '\r\n.\r\n';
let context: SecureContext | null = null;

function certificate(): SecureContext {
  context ??= createSecureContext({
    cert: readFileSync(join(certificates, 'remote.pem')),
    key: readFileSync(join(certificates, 'remote.key')),
  });
  return context;
}

/** One client: commands by line, content up to its final dot without a look at what it holds. */
export class SinkSession {
  readonly #host: SinkHost;
  #socket: Socket;
  #line = '';
  #secured = false;
  #inData = false;
  /** Forward-paths of the transaction under way, with their brackets. */
  #recipients: string[] = [];
  #over = false;
  /** The last bytes of the content so far, where the end may have begun. */
  #tail = '\r\n';

  constructor(socket: Socket, host: SinkHost) {
    this.#socket = socket;
    this.#host = host;
    this.#listen(socket);
  }

  greet(): void {
    this.#socket.write('220 mx.remote.example ESMTP\r\n');
  }

  #listen(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('data', chunk => this.#take(Buffer.from(chunk)));
    socket.on('error', () => socket.destroy());
  }

  #take(chunk: Buffer): void {
    let answer = '';
    let at = 0;
    while (at < chunk.length) {
      if (this.#inData) {
        const end = this.#endIn(chunk, at);
        if (end < 0) break;
        at = end;
        this.#inData = false;
        this.#tail = '\r\n';
        this.#host.took(this.#recipients);
        answer += '250 2.0.0 Ok\r\n';
        continue;
      }
      const end = chunk.indexOf(10, at);
      if (end < 0) {
        this.#line += chunk.toString('latin1', at);
        break;
      }
      const line = this.#line + chunk.toString('latin1', at, end + 1);
      this.#line = '';
      at = end + 1;
      answer += this.#reply(line);
      if (line.startsWith('STARTTLS')) {
        this.#secure(answer);
        return;
      }
    }
    if (answer !== '') this.#socket.write(answer);
    if (this.#over) this.#socket.end();
  }

  /** Where what follows the content begins in this chunk; -1: the content goes on. */
  #endIn(chunk: Buffer, from: number): number {
    const across = this.#tail + chunk.toString('latin1', from, from + endOfData.length);
    const early = across.indexOf(endOfData);
    if (early >= 0) return from + early + endOfData.length - this.#tail.length;
    const found = chunk.indexOf(endOfData, from, 'latin1');
    if (found >= 0) return found + endOfData.length;
    this.#tail = (this.#tail + chunk.toString('latin1', Math.max(from, chunk.length - 4))).slice(-4);
    return -1;
  }

  #reply(line: string): string {
    switch (line.slice(0, 4).toUpperCase()) {
      case 'EHLO': {
        const startTls = this.#host.startTls && !this.#secured ? ['STARTTLS'] : [];
        const lines = ['mx.remote.example', ...offers, ...startTls];
        return lines.map((text, n) => `250${n + 1 < lines.length ? '-' : ' '}${text}\r\n`).join('');
      }
      case 'STAR':
        return '220 2.0.0 Go ahead\r\n';
      case 'MAIL':
        this.#recipients = [];
        return '250 2.1.0 Ok\r\n';
      case 'RCPT':
        this.#recipients.push(line.slice(8).trim());
        return '250 2.1.5 Ok\r\n';
      case 'DATA':
        this.#inData = true;
        return '354 Go ahead\r\n';
      case 'QUIT':
        this.#over = true;
        return '221 2.0.0 Goodbye\r\n';
      default:
        return '250 2.1.0 Ok\r\n';
    }
  }

  #secure(answer: string): void {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    plain.write(answer);
    this.#secured = true;
    this.#socket = new TLSSocket(plain, { isServer: true, secureContext: certificate() });
    this.#listen(this.#socket);
  }
}
