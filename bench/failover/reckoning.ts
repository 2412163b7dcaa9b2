import {
  addedDelay,
  type Cut,
  type Passage,
  type Quantiles,
  quantiles,
  usualStep,
  wasMet,
} from '../../src/surface/demo/tally.ts';

/** What a trial has seen: wall ms; `source` of a passage is the address that it left from. */
export type Seen = {
  readonly passages: readonly Passage[];
  /** When each message was accepted that is still queued, and when we looked last. */
  readonly queuedSince: readonly number[];
  readonly endedAt: number;
  readonly cut: Cut;
  /** The address of the uplink that is cut, which is the preferred one. */
  readonly preferred: string;
};

/** What the cut did, delays in ms. */
export type Effect = {
  /** Messages that the cut can have delayed. */
  readonly met: number;
  readonly lateOver1s: number;
  /** Of what is still queued the age counts, which is the least that its delay will be. */
  readonly addedMs: Quantiles | null;
  /** From the healing to the acceptance of the first message that left by the healed uplink; null: none did. */
  readonly backMs: number | null;
  /** Of the mail of sound times, before the cut and after the return, how much left by the other uplink: 0 to 1. */
  readonly strayed: number;
  readonly usualMs: number;
};

export function reckonEffect({ passages, queuedSince, endedAt, cut, preferred }: Seen): Effect {
  const usualMs = usualStep(passages, cut);
  const arrived = passages
    .filter(passage => wasMet(passage, cut))
    .map(({ startedAt, acceptedAt }) => addedDelay(startedAt, acceptedAt, cut, usualMs));
  const waiting = queuedSince
    .filter(acceptedAt => acceptedAt < cut.healedAt)
    .map(acceptedAt => addedDelay(endedAt, acceptedAt, cut, usualMs));
  const added = [...arrived, ...waiting];
  const backMs = timeBack(passages, cut, preferred);
  return {
    met: added.length,
    lateOver1s: added.filter(ms => ms > 1_000).length,
    addedMs: quantiles(added),
    backMs,
    strayed: shareStrayed(passages, cut, preferred, backMs),
    usualMs,
  };
}

function timeBack(passages: readonly Passage[], { healedAt }: Cut, preferred: string): number | null {
  const returned = passages.filter(
    ({ source, acceptedAt }) => source === preferred && acceptedAt >= healedAt,
  );
  return returned.length === 0 ? null : Math.min(...returned.map(({ acceptedAt }) => acceptedAt)) - healedAt;
}

function shareStrayed(
  passages: readonly Passage[],
  cut: Cut,
  preferred: string,
  backMs: number | null,
): number {
  const backAt = backMs === null ? Number.POSITIVE_INFINITY : cut.healedAt + backMs;
  const sound = passages.filter(({ acceptedAt, startedAt }) => startedAt < cut.at || acceptedAt >= backAt);
  return sound.length === 0 ? 0 : sound.filter(({ source }) => source !== preferred).length / sound.length;
}

/** One second of a trial: [second from the cut at which they were accepted, the greatest delay of them in ms]. */
export type Second = readonly [second: number, delayMs: number];

/** The delay from acceptance to start over time: of each message where one a second is sent, else of each second's worst. */
export function delaysBySecond({ passages, queuedSince, endedAt, cut }: Seen): Second[] {
  const worst = new Map<number, number>();
  const note = (acceptedAt: number, delayMs: number): void => {
    const second = Math.floor((acceptedAt - cut.at) / 1_000);
    worst.set(second, Math.max(worst.get(second) ?? 0, delayMs));
  };
  for (const { acceptedAt, startedAt } of passages) note(acceptedAt, startedAt - acceptedAt);
  for (const acceptedAt of queuedSince) note(acceptedAt, endedAt - acceptedAt);
  return [...worst].sort(([a], [b]) => a - b);
}
