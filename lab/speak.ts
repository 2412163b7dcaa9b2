/**
 * A program that runs in a namespace and says to a mail server what its standard input tells: a `Talk` in JSON. It
 * answers with the replies in JSON, in order, and ends. Whatever is said is said as it stands: nothing is stuffed or
 * checked, so that a client may also be rude.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';

export type Talk = {
  readonly address: string;
  readonly port: number;
  readonly source?: string;
  readonly steps: readonly Step[];
};

/** Something to say, in base64, and the number of replies to wait for then; or the switch to TLS. */
export type Step =
  | { readonly say: string; readonly replies: number }
  | { readonly tls: { readonly serverName: string } };

const limitMs = 30_000;

/** Gathers complete replies out of what comes. */
class Replies {
  #heard = '';
  #closed = false;
  #wake: () => void = () => {};

  listen(socket: Socket): void {
    socket.on('data', chunk => {
      this.#heard += String(chunk);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  async next(): Promise<string> {
    const end = performance.now() + limitMs;
    for (;;) {
      const found = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(this.#heard);
      if (found) {
        this.#heard = this.#heard.slice(found[0].length);
        return found[0].trimEnd().replaceAll('\r\n', '\n');
      }
      if (this.#closed) return 'closed';
      if (performance.now() > end) return 'silence';
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, 1_000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

const talk: Talk = JSON.parse(await text(process.stdin));
const plain = connectTcp({
  host: talk.address,
  port: talk.port,
  ...(talk.source === undefined ? {} : { localAddress: talk.source }),
});
const replies = new Replies();
replies.listen(plain);
let socket: Socket = plain;
const heard = [await replies.next()];
for (const step of talk.steps) {
  if ('tls' in step) {
    plain.removeAllListeners('data');
    const secured = connectTls({ socket: plain, servername: step.tls.serverName, rejectUnauthorized: false });
    replies.listen(secured);
    await new Promise<void>(resolve => secured.once('secureConnect', resolve).once('close', resolve));
    heard.push(`${secured.getProtocol()} ${secured.getPeerCertificate().subjectaltname ?? ''}`);
    socket = secured;
    continue;
  }
  socket.write(Buffer.from(step.say, 'base64'));
  for (let n = 0; n < step.replies; n += 1) heard.push(await replies.next());
}
process.stdout.write(JSON.stringify(heard));
process.exit(0);
