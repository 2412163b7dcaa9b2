import { connect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { testAuthority } from '../certificates.ts';

/** A client that says what a test writes, byte for byte, with Node's own sockets and TLS. */
export class RawClient {
  #socket: Socket;
  #heard = '';
  #closed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  static async call(to: { readonly address: string; readonly port: number }): Promise<RawClient> {
    const socket = connect({ host: to.address, port: to.port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawClient(socket);
  }

  /** Says it and gives the next `replies` replies, a line each, those of several lines joined by ` / `. */
  async say(text: string, replies = 1): Promise<string[]> {
    this.#socket.write(text, 'latin1');
    const heard: string[] = [];
    while (heard.length < replies) heard.push(await this.reply());
    return heard;
  }

  async reply(): Promise<string> {
    for (;;) {
      const found = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(this.#heard);
      if (found) {
        this.#heard = this.#heard.slice(found[0].length);
        return found[0].trimEnd().replaceAll('\r\n', ' / ');
      }
      if (this.#closed) return 'closed';
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  /** The handshake of TLS on the open connection; the error of one that fails. */
  async secure(servername: string, session?: Buffer): Promise<TLSSocket> {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    const secured = tlsConnect({
      socket: plain,
      servername,
      ca: testAuthority,
      ...(session === undefined ? {} : { session }),
    });
    await new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', resolve);
      secured.once('error', reject);
    });
    this.#socket = secured;
    this.#listen();
    return secured;
  }

  hangUp(): void {
    this.#socket.destroy();
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#heard += chunk.toString('latin1');
      this.#wake();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }
}
