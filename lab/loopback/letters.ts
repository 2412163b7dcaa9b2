import { createHash } from 'node:crypto';

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

const keyOf = (digest: string, forwardPath: string): string => `${digest} ${forwardPath}`;

/** How often each letter came to each recipient, whole. */
export class Copies {
  readonly #times = new Map<string, number>();

  constructor(arrivals: readonly Pick<Arrival, 'digest' | 'forwardPaths'>[]) {
    for (const { digest, forwardPaths } of arrivals)
      for (const path of forwardPaths) {
        const key = keyOf(digest, path);
        this.#times.set(key, (this.#times.get(key) ?? 0) + 1);
      }
  }

  /** Letter by letter, who had it. */
  get recipients(): number {
    return this.#times.size;
  }

  /** Beyond the first, over all of them. */
  get duplicates(): number {
    return [...this.#times.values()].reduce((sum, times) => sum + times - 1, 0);
  }

  /** What has not come to all of its recipients: its ID and the recipient, of each. */
  missing(letters: readonly Pick<Letter, 'id' | 'digest' | 'forwardPaths'>[]): readonly string[] {
    return letters.flatMap(({ id, digest, forwardPaths }) =>
      forwardPaths.filter(path => !this.#times.has(keyOf(digest, path))).map(path => `${id} to ${path}`),
    );
  }
}
