import { BoundedMap } from '../../decision/bounded-map.ts';
import type { RecordData } from '../../protocol/dns/record.ts';

/** What is kept of one question. Times are monotonic ms. */
export type CachedAnswer = {
  readonly kind: 'records' | 'nodata' | 'nxdomain';
  /** Where aliases led to. */
  readonly name: string;
  readonly data: readonly RecordData[];
  readonly authenticated: boolean;
  readonly freshUntil: number;
  /** Nobody answered lately: until then it serves although it is stale (RFC 8767 section 5, failure recheck timer). */
  readonly servesStaleUntil: number;
};

/** A stale answer serves for a day (RFC 8767 section 5 lets it be one to three). */
const staleMs = 86_400_000;

/** Answers by question, the least recently used first out. */
export class AnswerCache {
  readonly #answers: BoundedMap<string, CachedAnswer>;

  constructor(limit: number) {
    this.#answers = new BoundedMap(limit);
  }

  get size(): number {
    return this.#answers.size;
  }

  /** What is known, fresh or stale; null where nothing is, or it is too old to serve. */
  get(key: string, now: number): CachedAnswer | null {
    const answer = this.#answers.get(key);
    if (answer === undefined) return null;
    if (answer.freshUntil + staleMs <= now) {
      this.#answers.delete(key);
      return null;
    }
    this.#answers.set(key, answer);
    return answer;
  }

  set(key: string, answer: CachedAnswer): void {
    this.#answers.set(key, answer);
  }
}
