import type { Delivery } from './receiver-session.ts';

/** What of a delivery the reckoning needs. */
export type TalliedDelivery = Pick<
  Delivery,
  'messageId' | 'remoteAddress' | 'ehlo' | 'sessionAt' | 'greetedAt' | 'mailAt'
>;

export type Quantiles = { readonly p50: number; readonly p99: number; readonly max: number };

/** One message that arrived, by its first arrival; wall ms. */
export type Passage = {
  readonly messageId: string;
  readonly acceptedAt: number;
  /** The start of the session that delivered it, or its MAIL where that stood greeted at the acceptance. */
  readonly startedAt: number;
  readonly mailAt: number;
  readonly source: string;
};

export type Cut = { readonly at: number; readonly healedAt: number };

/** What became of the mail; delays in ms. */
export type Reckoning = {
  readonly accepted: number;
  /** Messages that arrived, each counted once. */
  readonly delivered: number;
  /** Accepted and never arrived. */
  readonly lost: readonly string[];
  /** Arrived more often than once, with how often beyond the first. */
  readonly duplicates: number;
  readonly byIdentity: readonly {
    readonly source: string;
    readonly ehlo: string;
    readonly messages: number;
  }[];
  /** Over the messages that the cut can have delayed; null where there are none. */
  readonly addedDelayMs: Quantiles | null;
  /** The same up to the MAIL of the message, which a slow greeting puts off. */
  readonly addedToMailMs: Quantiles | null;
  /** How many messages those were. */
  readonly affected: number;
  /** The median from acceptance to start without a cut. */
  readonly usualMs: number;
};

/**
 * Reckons what a cut did to the mail. All times are wall ms of one machine.
 *
 * Added delay of a message: from the later of cut and acceptance to the start of the session that delivered it, less
 * the median of that step over the messages before the cut; never below 0. Where that session stood greeted before the
 * message was accepted, its start for this message is the MAIL. Only messages whose MAIL came after the cut and that
 * were accepted before it was healed count.
 */
export class Tally {
  readonly #acceptedAt = new Map<string, number>();
  readonly #arrivals = new Map<string, TalliedDelivery[]>();
  readonly #doubted = new Set<string>();

  accepted(messageId: string, at: number): void {
    this.#acceptedAt.set(messageId, at);
  }

  delivered(delivery: TalliedDelivery): void {
    const id = delivery.messageId ?? '';
    const earlier = this.#arrivals.get(id);
    if (earlier === undefined) this.#arrivals.set(id, [delivery]);
    else earlier.push(delivery);
  }

  /** Its dot had left without an answer: it counts for no delay. */
  doubted(messageId: string): void {
    this.#doubted.add(messageId);
  }

  /** Accepted messages that have not arrived yet. */
  missing(): string[] {
    return [...this.#acceptedAt.keys()].filter(id => !this.#arrivals.has(id));
  }

  counts(): { accepted: number; delivered: number } {
    return { accepted: this.#acceptedAt.size, delivered: this.#arrivals.size };
  }

  /** When it was accepted (wall ms); null: it was not. */
  acceptedAt(messageId: string): number | null {
    return this.#acceptedAt.get(messageId) ?? null;
  }

  /** All that arrived and is not in doubt. */
  passages(): Passage[] {
    return [...this.#arrivals].flatMap(([messageId, [first]]) => {
      const acceptedAt = this.#acceptedAt.get(messageId);
      if (first === undefined || acceptedAt === undefined || this.#doubted.has(messageId)) return [];
      const { mailAt, remoteAddress: source } = first;
      return [{ messageId, acceptedAt, startedAt: startOf(first, acceptedAt), mailAt, source }];
    });
  }

  reckon(cut: Cut | null): Reckoning {
    const passages = this.passages();
    const usualMs = usualStep(passages, cut);
    const met = cut === null ? [] : passages.filter(passage => wasMet(passage, cut));
    const added = (momentOf: (passage: Passage) => number): Quantiles | null =>
      cut === null
        ? null
        : quantiles(met.map(passage => addedDelay(momentOf(passage), passage.acceptedAt, cut, usualMs)));
    return {
      accepted: this.#acceptedAt.size,
      delivered: this.#arrivals.size,
      lost: this.missing(),
      duplicates: [...this.#arrivals.values()].reduce((sum, arrivals) => sum + arrivals.length - 1, 0),
      byIdentity: this.#byIdentity(),
      addedDelayMs: added(({ startedAt }) => startedAt),
      addedToMailMs: added(({ mailAt }) => mailAt),
      affected: met.length,
      usualMs,
    };
  }

  #byIdentity(): Reckoning['byIdentity'] {
    const counted = new Map<string, { source: string; ehlo: string; messages: number }>();
    for (const { remoteAddress, ehlo } of [...this.#arrivals.values()].flat()) {
      const key = `${remoteAddress} ${ehlo}`;
      const entry = counted.get(key) ?? { source: remoteAddress, ehlo, messages: 0 };
      entry.messages += 1;
      counted.set(key, entry);
    }
    return [...counted.values()];
  }
}

/** The median from acceptance to start without the cut, in ms. */
export function usualStep(passages: readonly Passage[], cut: Cut | null): number {
  const steps = passages
    .filter(({ mailAt }) => cut === null || mailAt < cut.at)
    .map(({ acceptedAt, startedAt }) => startedAt - acceptedAt);
  return quantiles(steps)?.p50 ?? 0;
}

/** The cut can have delayed it. */
export function wasMet({ mailAt, acceptedAt }: Passage, cut: Cut): boolean {
  return mailAt >= cut.at && acceptedAt < cut.healedAt;
}

/** How much later than usual a message came to that moment, in ms. */
export function addedDelay(moment: number, acceptedAt: number, cut: Cut, usualMs: number): number {
  return Math.max(0, moment - Math.max(cut.at, acceptedAt) - Math.max(0, usualMs));
}

/** When the session that delivered it began, or turned to it where it already stood greeted at the acceptance. */
function startOf({ sessionAt, greetedAt, mailAt }: TalliedDelivery, acceptedAt: number): number {
  return acceptedAt <= greetedAt ? sessionAt : mailAt;
}

/** Null: there are none. */
export function quantiles(values: readonly number[]): Quantiles | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [p50, p99, max] = [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1)];
  return p50 === undefined || p99 === undefined || max === undefined ? null : { p50, p99, max };
}

/** The smallest value that at least `share` of the sorted values do not exceed. */
function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
