/** With nothing measured yet, and below `slowFromMs`, the next egress starts at the latest so long after the first. */
const longestHeadStartMs = 250;
const slowFromMs = 150;
const longestSlowHeadStartMs = 3_000;
/** Below this the jitter of hosts and of our own event loop is larger than that of the network. */
const shortestHeadStartMs = 100;

const shortestProbeWaitMs = 150;
const longestProbeWaitMs = 3_000;

const shortestReplyMs = 150;
const replyMarginMs = 100;
const longestReplyMs = 10_000;
const unknownReplyMs = 1_000;

/**
 * How long the preferred egress may try alone before the next starts beside it (RFC 8305 section 8 is the model).
 * `p95ConnectMs`: of this egress to the site, or to all where the site is new; null: nothing measured yet.
 * 1.5 times p95, at most 250 ms where that p95 is under 150 ms, else at most 3 s.
 */
export function headStartMs(p95ConnectMs: number | null): number {
  if (p95ConnectMs === null) return longestHeadStartMs;
  const most = p95ConnectMs < slowFromMs ? longestHeadStartMs : longestSlowHeadStartMs;
  return Math.min(most, Math.max(shortestHeadStartMs, 1.5 * p95ConnectMs));
}

/**
 * How long a connect through a suspected egress may be unanswered before that counts against it.
 * `elsewhereMs`: how long another egress took to the same host, null while it has not answered: a far host is far
 * through each egress.
 */
export function probeWaitMs(p95ConnectMs: number | null, elsewhereMs: number | null): number {
  const usual = p95ConnectMs === null ? longestHeadStartMs : 1.5 * p95ConnectMs;
  return Math.min(longestProbeWaitMs, Math.max(shortestProbeWaitMs, usual, 2 * (elsewhereMs ?? 0)));
}

/**
 * How long a session may be silent before its egress is asked whether it lives.
 * `p95ReplyMs`: of this egress and site, or of all where the site is new; null: nothing measured yet.
 */
export function expectedReplyMs(p95ReplyMs: number | null): number {
  if (p95ReplyMs === null) return unknownReplyMs;
  return Math.min(longestReplyMs, Math.max(shortestReplyMs, 1.5 * p95ReplyMs + replyMarginMs));
}
