import type { Delivery } from './receiver-session.ts';

/** What of a delivery the reckoning needs. */
export type TalliedDelivery = Pick<
  Delivery,
  'messageId' | 'remoteAddress' | 'ehlo' | 'sessionAt' | 'greetedAt' | 'mailAt'
>;

export type Quantiles = { readonly p50: number; readonly p99: number; readonly max: number };

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

  reckon(cut: { readonly at: number; readonly healedAt: number } | null): Reckoning {
    const firsts = [...this.#arrivals].flatMap(([id, [first]]) => {
      const acceptedAt = this.#acceptedAt.get(id);
      if (first === undefined || acceptedAt === undefined || this.#doubted.has(id)) return [];
      return [{ ...first, acceptedAt }];
    });
    const usualMs =
      quantile(
        firsts
          .filter(first => cut === null || first.mailAt < cut.at)
          .map(first => startOf(first) - first.acceptedAt)
          .sort((a, b) => a - b),
        0.5,
      ) ?? 0;
    const met =
      cut === null ? [] : firsts.filter(first => first.mailAt >= cut.at && first.acceptedAt < cut.healedAt);
    const added = (momentOf: (first: AcceptedDelivery) => number): Quantiles | null =>
      quantiles(
        met
          .map(first => momentOf(first) - Math.max(cut?.at ?? 0, first.acceptedAt) - Math.max(0, usualMs))
          .map(ms => Math.max(0, ms))
          .sort((a, b) => a - b),
      );
    return {
      accepted: this.#acceptedAt.size,
      delivered: this.#arrivals.size,
      lost: this.missing(),
      duplicates: [...this.#arrivals.values()].reduce((sum, arrivals) => sum + arrivals.length - 1, 0),
      byIdentity: this.#byIdentity(),
      addedDelayMs: added(startOf),
      addedToMailMs: added(first => first.mailAt),
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

type AcceptedDelivery = TalliedDelivery & { readonly acceptedAt: number };

/** When the session that delivered it began, or turned to it where it already stood greeted at the acceptance. */
function startOf({ acceptedAt, sessionAt, greetedAt, mailAt }: AcceptedDelivery): number {
  return acceptedAt <= greetedAt ? sessionAt : mailAt;
}

function quantiles(sorted: readonly number[]): Quantiles | null {
  const [p50, p99, max] = [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1)];
  return p50 === undefined || p99 === undefined || max === undefined ? null : { p50, p99, max };
}

/** The smallest value that at least `share` of the sorted values do not exceed. */
function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
