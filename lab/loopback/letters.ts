import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimRandom } from '../../test/simulation/sim-random.ts';
import { PlainReceiver, ReplyReader, UnexpectedReply } from '../crash-peers.ts';

/** A message that a client was told is taken. */
export type Letter = {
  /** The gateway's own, from its 250. */
  readonly id: string;
  /** Of all that the client sent, which is the end of what is kept and delivered. */
  readonly sizeBytes: number;
  readonly digest: string;
  readonly forwardPaths: readonly string[];
};

/** A receiver has said 250 to a message; `at`: ms since 1970, before it was said. */
export type Arrival = {
  readonly at: number;
  readonly sizeBytes: number;
  readonly digest: string;
  readonly forwardPaths: readonly string[];
};

/** What is taken at once, and what is put off, so that it stays in the queue. */
export const takenDomain = 'example.net';
export const deferredDomain = 'example.org';

export const digestOf = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** The part of a kept or delivered message that the client sent: our Received field stands before it. */
export function sentPart(bytes: Buffer): Buffer {
  return bytes.subarray(Math.max(0, bytes.indexOf('Message-ID: ')));
}

/** Takes what comes for `takenDomain`, and puts off the rest while `defers` is true. */
export class Receivers {
  readonly arrivals: Arrival[] = [];
  readonly #receiver: PlainReceiver;

  static async start(port: number, { defers }: { defers: boolean }): Promise<Receivers> {
    const arrivals: Arrival[] = [];
    const receiver = await PlainReceiver.start(port, {
      rcpt: path =>
        defers && path.endsWith(deferredDomain) ? '451 4.2.0 Not now' : '250 2.1.5 Recipient good',
      taken: (message, forwardPaths) => {
        const bytes = sentPart(Buffer.from(message, 'latin1'));
        arrivals.push({ at: Date.now(), sizeBytes: bytes.length, digest: digestOf(bytes), forwardPaths });
      },
    });
    return new Receivers(receiver, arrivals);
  }

  private constructor(receiver: PlainReceiver, arrivals: Arrival[]) {
    this.#receiver = receiver;
    this.arrivals = arrivals;
  }

  stop(): Promise<void> {
    return this.#receiver.stop();
  }
}

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
