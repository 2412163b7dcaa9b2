import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimRandom } from '../../test/simulation/sim-random.ts';
import { deferredDomain, digestOf, type Letter, takenDomain } from './letters.ts';
import { ReplyReader, UnexpectedReply } from './reply-reader.ts';

const line = 'The quick brown fox jumps over the lazy dog, and nobody knows why it does.\r\n';
const longestInlineLines = 700;
const spooledLines = 1_600;

/** Sends letters of all sizes to one or more recipients, one after another, and keeps what is needed to know them again. */
export class LetterSender {
  readonly acknowledged: Letter[] = [];
  /** What it was told where it hoped for another reply. */
  readonly refusals: string[] = [];
  readonly #port: number;
  readonly #name: string;
  readonly #random: SimRandom;
  readonly #done: Promise<void>;
  #sent = 0;
  #stopping = false;

  constructor(port: number, name: string, random: SimRandom) {
    this.#port = port;
    this.#name = name;
    this.#random = random;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      await this.#session().catch((error: unknown) => {
        if (error instanceof UnexpectedReply) this.refusals.push(error.reply);
      });
      await sleep(5);
    }
  }

  async #session(): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port: this.#port });
    const replies = new ReplyReader(socket);
    try {
      await replies.expect(220);
      socket.write('EHLO client.example.com\r\n');
      await replies.expect(250);
      while (!this.#stopping) await this.#send(text => socket.write(text), replies);
    } finally {
      socket.destroy();
    }
  }

  async #send(write: (text: string) => void, replies: ReplyReader): Promise<void> {
    const forwardPaths = this.#forwardPaths();
    const text = this.#text();
    const rcpts = forwardPaths.map(path => `RCPT TO:<${path}>\r\n`);
    write(`MAIL FROM:<sender@example.com>\r\n${rcpts.join('')}DATA\r\n`);
    await replies.expect(250);
    for (const _ of forwardPaths) await replies.expect(250);
    await replies.expect(354);
    write(`${text}.\r\n`);
    const id = /Queued as (\w+)/.exec(await replies.expect(250))?.[1];
    if (id === undefined) throw new Error('The gateway takes a message and gives it no ID.');
    this.acknowledged.push({ id, sizeBytes: text.length, digest: digestOf(text), forwardPaths });
  }

  #forwardPaths(): string[] {
    const count = this.#random.pick([1, 1, 1, 2, 5]);
    const domain = (): string => (this.#random.chance(0.2) ? deferredDomain : takenDomain);
    return Array.from({ length: count }, (_, place) => `r${place}@${domain()}`);
  }

  #text(): string {
    this.#sent += 1;
    const spooled = this.#random.chance(0.07);
    const lines = spooled ? spooledLines : this.#random.pick([1, 20, 50, 120, longestInlineLines]);
    return `Message-ID: <${this.#name}.${this.#sent}@client.example.com>\r\nSubject: power\r\n\r\n${line.repeat(lines)}`;
  }
}
