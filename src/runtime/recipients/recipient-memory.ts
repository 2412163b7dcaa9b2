import type { RememberedRecipient } from '../../decision/admission/recipient-verdict.ts';
import type { Clock, QueueStore, Timer } from '../ports.ts';
import { keptRows } from './kept-rows.ts';

/** Recipients are kept in so many parts, each written to disk as one fact. */
const parts = 64;
/** Of each kind in one part: strangers may ask for what they like, and drive out nobody whom we know. */
const perPart = { unknown: 400, known: 800, learnt: 800 } as const;
const writeMs = 30_000;

/** What is remembered of one recipient. `words` of the store's refusal, '' where it is known. */
export type Remembered = RememberedRecipient & {
  readonly words: string;
  /** Kept over restarts. */
  readonly durable: boolean;
};

type Kind = keyof typeof perPart;

/** `learnt`: kept for the time when nobody can be asked. In each the longest unused comes first. */
type Part = Readonly<Record<Kind, Map<string, Remembered>>>;

const kinds: readonly Kind[] = ['learnt', 'known', 'unknown'];

function kindOf({ known, durable }: Remembered): Kind {
  if (!known) return 'unknown';
  return durable ? 'learnt' : 'known';
}

/**
 * The answers of mail stores, by recipient: some 128,000 at most, the longest unused of a kind going first. Those that are
 * durable are written to disk, many at a time.
 */
export class RecipientMemory {
  readonly #clock: Clock;
  readonly #store: Pick<QueueStore, 'remember' | 'recall'>;
  readonly #parts = Array.from({ length: parts }, emptyPart);
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
        if (part !== undefined && kinds.every(kind => !part[kind].has(key))) put(part, key, remembered);
      }
    }
  }

  get(key: string): Remembered | null {
    const part = this.#partOf(key);
    for (const kind of kinds) {
      const found = part[kind].get(key);
      if (found === undefined) continue;
      part[kind].delete(key);
      part[kind].set(key, found);
      return found;
    }
    return null;
  }

  set(key: string, remembered: Remembered): void {
    const part = this.#partOf(key);
    const forgotten = kinds.some(kind => part[kind].get(key)?.durable === true);
    for (const kind of kinds) part[kind].delete(key);
    put(part, key, remembered);
    if (remembered.durable || forgotten) this.#write(key);
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

  #partOf(key: string): Part {
    return this.#parts[placeOf(key)] ?? emptyPart();
  }
}

function emptyPart(): Part {
  return { unknown: new Map(), known: new Map(), learnt: new Map() };
}

function put(part: Part, key: string, remembered: Remembered): void {
  const kind = kindOf(remembered);
  const same = part[kind];
  same.set(key, remembered);
  if (same.size <= perPart[kind]) return;
  const [oldest] = same.keys();
  if (oldest !== undefined) same.delete(oldest);
}

const factKey = (place: number): string => `recipients ${place}`;

function placeOf(key: string): number {
  let hash = 0;
  for (let at = 0; at < key.length; at++) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
  return (hash >>> 0) % parts;
}

function textOf(part: Part | undefined): string | null {
  const rows = kinds.flatMap(kind =>
    [...(part?.[kind] ?? [])].flatMap(([key, { known, at, words, durable }]) =>
      durable ? [[key, known ? 1 : 0, at, words]] : [],
    ),
  );
  return rows.length === 0 ? null : JSON.stringify(rows);
}

function* readPart(text: string): Iterable<[string, Remembered]> {
  for (const [key, known, at, words] of keptRows(text)) {
    if (typeof key === 'string' && typeof at === 'number' && typeof words === 'string')
      yield [key, { known: known === 1, at, words, durable: true }];
  }
}
