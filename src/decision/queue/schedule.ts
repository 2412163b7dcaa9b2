const minuteMs = 60_000;
const firstWaitMs = 5 * minuteMs;
const longestWaitMs = 120 * minuteMs;
/** The part of a wait by which it may be shorter or longer, so that what failed together does not come back together. */
const jitter = 0.2;

/**
 * When a recipient is attempted again after a temporary failure (RFC 5321 section 4.5.4.1): 5, 10, 20, 40, 80 minutes
 * after the attempt, then every 2 hours, each ±20 % by `random01`.
 * `attempts` counts the attempts made so far, the one that failed just now among them; `now` is wall ms.
 */
export function nextAttemptAt(facts: { attempts: number; now: number; random01: number }): number {
  const doublings = Math.min(Math.max(facts.attempts - 1, 0), 10);
  const waitMs = Math.min(firstWaitMs * 2 ** doublings, longestWaitMs);
  return Math.round(facts.now + waitMs * (1 - jitter + 2 * jitter * facts.random01));
}
