import type { IdentityFinding, IdentityRule } from '../audit/egress-finding.ts';
import type { Moment } from './health.ts';
import type { Fitness } from './health-state.ts';

/** What the tests of one egress's identity have shown so far; immutable, stepped by `stepFitness`. */
export type FitnessState = {
  readonly fit: Fitness;
  /** Why it is unfit or unknown, in whole sentences; '' while it is fit. */
  readonly reason: string;
  /** Wall ms. */
  readonly since: number;
  /** The first bad test since the last good one (monotonic); null: none. */
  readonly badAt: number | null;
  /** Its EHLO name leads elsewhere, in words; null: it does not. */
  readonly elsewhere: string | null;
  /** The last test was not answered. */
  readonly unanswered: boolean;
};

/** Only these make an egress unfit; each makes receivers refuse its mail. */
const deciding: readonly IdentityRule[] = ['EGRESS-NO-PTR', 'EGRESS-FCRDNS', 'EGRESS-EHLO-UNRESOLVED'];

/** A second test so much later confirms that an egress is fit no more. */
const confirmMs = 5 * 60_000;
const hourMs = 60 * 60_000;

/** Nothing was tested yet. */
export function newFitness(now: Moment): FitnessState {
  return {
    fit: 'unknown',
    reason: 'Its identity was not tested yet.',
    since: now.wall,
    badAt: null,
    elsewhere: null,
    unanswered: false,
  };
}

/**
 * The fitness after one test; pure, and the same object where nothing changed.
 *
 * Unfit after two bad tests 5 min apart with no good one between, or at the first bad one where it was not yet known to be
 * fit, as with an address that an interface has just been given; fit at the first good one. What DNS did not answer changes
 * nothing. Where the rules cannot judge (a private address, a smart host) it stays `unknown`, with their reason.
 */
export function stepFitness(
  state: FitnessState,
  findings: readonly IdentityFinding[],
  now: Moment,
): FitnessState {
  const next = judged({ ...state, elsewhere: elsewhereAfter(state, findings) }, findings, now);
  return same(state, next) ? state : next;
}

/** When the next test is due: hourly, sooner while something is amiss or was not answered. Milliseconds. */
export function nextTestMs(state: FitnessState, now: Moment): number {
  if (state.fit === 'unfit' || state.unanswered) return confirmMs;
  return state.badAt === null ? hourMs : Math.max(0, state.badAt + confirmMs - now.monotonic);
}

function judged(state: FitnessState, findings: readonly IdentityFinding[], now: Moment): FitnessState {
  const decisive = findings.filter(({ id }) => deciding.includes(id));
  const errors = decisive.filter(({ level }) => level === 'error');
  if (errors.length > 0) return bad(state, errors, now);
  if (decisive.some(({ unanswered }) => unanswered === true)) return { ...state, unanswered: true };
  const skipped = decisive.find(({ level }) => level === 'skip');
  const good = { ...state, badAt: null, unanswered: false };
  return skipped === undefined
    ? moved(good, 'fit', '', now)
    : moved(good, 'unknown', `Its identity is not judged: ${skipped.message}`, now);
}

function bad(state: FitnessState, errors: readonly IdentityFinding[], now: Moment): FitnessState {
  const reason = errors.map(({ id, message }) => `${message} (${id})`).join(' ');
  const badAt = state.badAt ?? now.monotonic;
  const next = { ...state, badAt, unanswered: false };
  return state.fit !== 'fit' || now.monotonic - badAt >= confirmMs ? moved(next, 'unfit', reason, now) : next;
}

function moved(state: FitnessState, fit: Fitness, reason: string, now: Moment): FitnessState {
  return { ...state, fit, reason, since: state.fit === fit ? state.since : now.wall };
}

function elsewhereAfter(state: FitnessState, findings: readonly IdentityFinding[]): string | null {
  const finding = findings.find(({ id }) => id === 'EGRESS-EHLO-ELSEWHERE');
  if (finding === undefined || finding.unanswered) return state.elsewhere;
  return finding.level === 'warning' ? `${finding.message} (${finding.id})` : null;
}

function same(one: FitnessState, other: FitnessState): boolean {
  return (
    one.fit === other.fit &&
    one.reason === other.reason &&
    one.badAt === other.badAt &&
    one.elsewhere === other.elsewhere &&
    one.unanswered === other.unanswered
  );
}
