import { type Spread, spread } from '../spread.ts';
import type { Stamps } from './pace.ts';

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
