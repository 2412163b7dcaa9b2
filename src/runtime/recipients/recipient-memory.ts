import type { RememberedRecipient } from '../../decision/admission/recipient-verdict.ts';
import type { Clock, QueueStore, Timer } from '../ports.ts';

/** Recipients are kept in so many parts, each written to disk as one fact. */
const parts = 64;
const perPart = 1_600;
const writeMs = 30_000;

/** What is remembered of one recipient. `words` of the store's refusal, '' where it is known. */
export type Remembered = RememberedRecipient & {
  readonly words: string;
  /** Kept over restarts. */
  readonly durable: boolean;
};

/**
 * The answers of mail stores, by recipient: 100,000 at most, the longest unused going first. Those that are durable are
 * written to disk, many at a time.
 */
export class RecipientMemory {
  readonly #clock: Clock;
  readonly #store: Pick<QueueStore, 'remember' | 'recall'>;
  readonly #parts = Array.from({ length: parts }, () => new Map<string, Remembered>());
  readonly #changed = new Set<number>();
  #timer: Timer | null = null;
  #writing = false;

  constructor(clock: Clock, store: Pick<QueueStore, 'remember' | 'recall'>) {
    this.#clock = clock;
    this.#store = store;
  }

  /** Reads what a life before has written. */
  async load(): Promise<void> {
    const texts = await Promise.all(this.#parts.map((_, place) => this.#store.recall(factKey(place))));
    for (const [place, text] of texts.entries()) {
      if (!text.ok || text.value === null) continue;
      for (const [key, remembered] of readPart(text.value)) {
        const part = this.#parts[place];
        if (part !== undefined && part.size < perPart && !part.has(key)) part.set(key, remembered);
      }
    }
  }

  get(key: string): Remembered | null {
    const part = this.#partOf(key);
    const found = part.get(key);
    if (found === undefined) return null;
    part.delete(key);
    part.set(key, found);
    return found;
  }

  set(key: string, remembered: Remembered): void {
    const part = this.#partOf(key);
    part.delete(key);
    part.set(key, remembered);
    if (part.size > perPart) {
      const [oldest] = part.keys();
      if (oldest !== undefined) part.delete(oldest);
    }
    if (remembered.durable) this.#write(key);
  }

  forget(key: string): void {
    const part = this.#partOf(key);
    const durable = part.get(key)?.durable === true;
    if (part.delete(key) && durable) this.#write(key);
  }

  /** Writes what is not written yet. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#writing) return;
    this.#writing = true;
    const places = [...this.#changed];
    this.#changed.clear();
    const made = await Promise.all(
      places.map(place => this.#store.remember(factKey(place), textOf(this.#parts[place]))),
    );
    this.#writing = false;
    made.forEach((one, at) => {
      const place = places[at];
      if (!one.ok && place !== undefined) this.#changed.add(place);
    });
    if (this.#changed.size > 0) this.#later();
  }

  #write(key: string): void {
    this.#changed.add(placeOf(key));
    this.#later();
  }

  #later(): void {
    this.#timer ??= this.#clock.timer(writeMs, () => {
      this.#timer = null;
      void this.flush();
    });
  }

  #partOf(key: string): Map<string, Remembered> {
    return this.#parts[placeOf(key)] ?? new Map();
  }
}

const factKey = (place: number): string => `recipients ${place}`;

function placeOf(key: string): number {
  let hash = 0;
  for (let at = 0; at < key.length; at++) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
  return (hash >>> 0) % parts;
}

function textOf(part: ReadonlyMap<string, Remembered> | undefined): string | null {
  const rows = [...(part ?? [])].flatMap(([key, { known, at, words, durable }]) =>
    durable ? [[key, known ? 1 : 0, at, words]] : [],
  );
  return rows.length === 0 ? null : JSON.stringify(rows);
}

function* readPart(text: string): Iterable<[string, Remembered]> {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    // A fact that was not written by us says nothing.
    return;
  }
  if (!Array.isArray(rows)) return;
  for (const row of rows as unknown[]) {
    if (!Array.isArray(row)) continue;
    const [key, known, at, words] = row as unknown[];
    if (typeof key === 'string' && typeof at === 'number' && typeof words === 'string')
      yield [key, { known: known === 1, at, words, durable: true }];
  }
}
