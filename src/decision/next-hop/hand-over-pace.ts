/** How fast kept mail is handed to a primary that is back: messages a second, and how many may be under way at a time. */
export type HandOverPace = { readonly perSecond: number; readonly underWay: number };

/** What one second of it showed. Durations in ms. */
export type HandOverSecond = {
  readonly delivered: number;
  /** Put off, or not reached. */
  readonly failed: number;
  /** How long the deliveries took, on average; 0 where there was none. */
  readonly meanMs: number;
};

/** A server that has just come up has cold caches, and its other senders come back too. */
export const firstPace: HandOverPace = { perSecond: 50, underWay: 5 };
const fastest: HandOverPace = { perSecond: 3_200, underWay: 320 };
const slowest: HandOverPace = { perSecond: 1, underWay: 1 };

const quickMs = 2_000;
const slowMs = 5_000;
/** Single mailboxes are full or greylisted anywhere; more than this share is the server's own word. */
const toleratedShare = 0.1;

/**
 * The pace of the next second: doubled while answers are quick and positive, halved where more than a tenth is put off
 * or answers take over 5 s, down to one message a second, so that a primary that puts off everything sees no storm.
 */
export function nextPace(pace: HandOverPace, { delivered, failed, meanMs }: HandOverSecond): HandOverPace {
  const answers = delivered + failed;
  if (answers === 0) return pace;
  if (failed > answers * toleratedShare || meanMs > slowMs) return scaled(pace, 0.5);
  return meanMs <= quickMs ? scaled(pace, 2) : pace;
}

function scaled({ perSecond, underWay }: HandOverPace, by: number): HandOverPace {
  const within = (value: number, key: keyof HandOverPace): number =>
    Math.min(fastest[key], Math.max(slowest[key], Math.floor(value * by)));
  return { perSecond: within(perSecond, 'perSecond'), underWay: within(underWay, 'underWay') };
}
