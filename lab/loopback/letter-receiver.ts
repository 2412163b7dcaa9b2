import { type Arrival, deferredDomain, digestOf, sentPart } from './letters.ts';
import { PlainReceiver } from './receiver.ts';

/** Takes letters and keeps what is needed to know them again; puts off those for `deferredDomain` where `defers` is true. */
export class LetterReceiver {
  readonly arrivals: Arrival[] = [];
  readonly #receiver: PlainReceiver;

  static async start(port: number, { defers }: { defers: boolean }): Promise<LetterReceiver> {
    const arrivals: Arrival[] = [];
    const receiver = await PlainReceiver.start(port, {
      rcpt: path =>
        defers && path.endsWith(deferredDomain) ? '451 4.2.0 Not now' : '250 2.1.5 Recipient good',
      taken: (message, forwardPaths) => {
        const bytes = sentPart(Buffer.from(message, 'latin1'));
        arrivals.push({ at: Date.now(), sizeBytes: bytes.length, digest: digestOf(bytes), forwardPaths });
      },
    });
    return new LetterReceiver(receiver, arrivals);
  }

  private constructor(receiver: PlainReceiver, arrivals: Arrival[]) {
    this.#receiver = receiver;
    this.arrivals = arrivals;
  }

  stop(): Promise<void> {
    return this.#receiver.stop();
  }
}
