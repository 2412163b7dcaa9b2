import type { Stamps } from './pace.ts';

export type Spread = { readonly p50: number; readonly p99: number; readonly max: number };

/** What a steady pace met, in ms. What the sink never had counts in `undelivered` alone. */
export type Latency = {
  readonly messages: number;
  readonly undelivered: number;
  /** From the sender's 250 to the sink's end of data; 0 where that was there before the 250 was read. */
  readonly acceptToDeliver: Spread;
  /** From the moment that a message was due to its 250. */
  readonly dueToAccept: Spread;
};

/** Leaves out what was due in the first `skipMs`, when connections are opened and code is warmed up. */
export function latencyOf(all: readonly Stamps[], skipMs: number): Latency {
  const first = Math.min(...all.map(({ dueAt }) => dueAt));
  const counted = all.filter(({ dueAt }) => dueAt >= first + skipMs);
  const delays = counted.flatMap(({ acceptedAt, deliveredAt }) =>
    deliveredAt === null ? [] : [Math.max(0, deliveredAt - acceptedAt)],
  );
  return {
    messages: counted.length,
    undelivered: counted.length - delays.length,
    acceptToDeliver: spread(delays),
    dueToAccept: spread(counted.map(({ dueAt, acceptedAt }) => acceptedAt - dueAt)),
  };
}

/** By nearest rank; NaN of none. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const share = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
  return { p50: share(0.5), p99: share(0.99), max: share(1) };
}
