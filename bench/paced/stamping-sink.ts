import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { SinkSession } from '../sink-session.ts';

/** A sink in this process that stamps each message, which carries its number in its recipient, when its end is there. */
export class StampingSink {
  readonly port: number;
  readonly #server: Server;
  readonly #stamps: Map<number, number>;
  #expected = 0;

  private constructor(server: Server, port: number, stamps: Map<number, number>) {
    this.#server = server;
    this.port = port;
    this.#stamps = stamps;
  }

  static async start(): Promise<StampingSink> {
    const stamps = new Map<number, number>();
    const took = ([recipient]: readonly string[]): void => {
      const number = Number(/^<n(\d+)@/.exec(recipient ?? '')?.[1] ?? -1);
      if (!stamps.has(number)) stamps.set(number, performance.now());
    };
    const server = createServer(socket => new SinkSession(socket, { startTls: false, took }).greet());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('No port is free.');
    return new StampingSink(server, address.port, stamps);
  }

  /** The number of one more message that will come. */
  expect(): number {
    return this.#expected++;
  }

  get missing(): number {
    return this.#expected - this.#stamps.size;
  }

  deliveredAt(number: number): number | null {
    return this.#stamps.get(number) ?? null;
  }

  /** Sessions end with the gateway. */
  stop(): void {
    this.#server.close();
  }
}
