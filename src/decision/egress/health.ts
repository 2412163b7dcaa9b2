import type { HealthSettings } from './egress.ts';
import { type Failure, failureOf, type Testimony, verdictOn } from './evidence.ts';
import type { EgressState } from './health-state.ts';
import type { HostCondition, Observation } from './observation.ts';

/** One moment on both clocks. */
export type Moment = { readonly wall: number; readonly monotonic: number };

/** What is known of the world beside the one egress. */
export type HealthContext = Testimony & {
  readonly settings: HealthSettings;
  /** Another egress of this family can be used now. */
  readonly othersUsable: boolean;
  /** When this egress last gave a sign of life (monotonic). */
  readonly lastLifeAt: number;
  /** False while our own event loop is late: then silence is no evidence. */
  readonly trusted: boolean;
};

/** The health of one egress; immutable, stepped by `stepHealth`. Instants are monotonic, but `since` and those of `drain`. */
export type Health = {
  readonly state: 'unknown' | 'up' | 'degraded' | 'down';
  readonly since: number;
  readonly sinceAt: number;
  readonly reason: string;
  readonly condition: HostCondition;
  readonly drain: { readonly since: number; readonly reason: string; readonly until: number | null } | null;
  /** Since the last sign of life. */
  readonly failures: readonly Failure[];
  readonly suspectedAt: number | null;
  /** The last connects, newest last, of hosts that are known to be alive. */
  readonly connects: readonly { readonly site: string; readonly good: boolean }[];
  /**
   * How it went down. `hasty`: convicted by short waits, so that an answer that is merely late acquits it.
   * `needsGreeting`: TCP connected while it was dead, so only a greeting proves life.
   */
  readonly fall: { readonly hasty: boolean; readonly needsGreeting: boolean } | null;
  /** The proof of return under way. */
  readonly proof: { readonly since: number; readonly last: number } | null;
  readonly relapses: number;
  readonly returnedAt: number | null;
};

const mostFailures = 16;
const connectsKept = 30;
const connectsJudged = 10;
const badConnects = 3;
const slowConnectMs = 1_000;
const relapseWithinMs = 10 * 60_000;
const forgottenAfterMs = 60 * 60_000;
const longestProofMs = 60 * 60_000;
/** In a row. A link that loses a quarter shows twenty by chance once in a few minutes, thirty hardly ever. */
const goodConnectsToRise = 30;
const goodConnectsToHope = 3;

/** The health at start: usable, and proved by nothing yet. */
export function newHealth(now: Moment): Health {
  return {
    state: 'unknown',
    since: now.wall,
    sinceAt: now.monotonic,
    reason: 'nothing was sent by it yet',
    condition: 'sound',
    drain: null,
    failures: [],
    suspectedAt: null,
    connects: [],
    fall: null,
    proof: null,
    relapses: 0,
    returnedAt: null,
  };
}

/** The word that users see. */
export function stateOf(health: Health): EgressState {
  return health.drain === null ? health.state : 'drained';
}

/** How long a return must be proved now: doubled by each relapse, 1 h at most. */
function proofRequiredMs(health: Health, settings: HealthSettings): number {
  return Math.min(longestProofMs, settings.proveMs * 2 ** health.relapses);
}

/**
 * The health after one observation; pure, never throws, and gives the same object where nothing changed.
 *
 * Any answer is a sign of life: it clears all evidence. Failures convict by `verdictOn`. What the host says counts at
 * once. A fallen egress comes back after `proofRequiredMs` of answers, at once (but `degraded`) where an answer shows
 * that a hasty verdict was wrong, or where no other egress can be used. Many lost or slow connects make it `degraded` at
 * the next answer (without one it is dead, not slow), and so does one such among good ones while it proves itself, until
 * enough in a row are good.
 */
export function stepHealth(
  health: Health,
  observation: Observation,
  context: HealthContext,
  now: Moment,
): Health {
  switch (observation.kind) {
    case 'connected':
    case 'answered':
      return afterLife(health, observation, context, now);
    case 'failed':
      return afterFailure(health, observation, context, now);
    case 'silent':
      return health.suspectedAt === null && context.trusted
        ? { ...health, suspectedAt: now.monotonic }
        : health;
    case 'host':
      return afterHost(health, observation.condition, context, now);
    case 'drained':
      return {
        ...health,
        drain: { since: observation.since, reason: observation.reason, until: observation.until },
      };
    case 'resumed':
      return health.drain === null ? health : { ...health, drain: null };
    default:
      return observation satisfies never;
  }
}

/** Weighs again what failed through this egress: another one has reached a host, or another one fell. */
export function reviewHealth(health: Health, context: HealthContext, now: Moment): Health {
  if (health.state === 'down' || health.failures.length === 0) return health;
  // What is slow, or was never measured, is not convicted by short waits.
  const hardOnly = health.state === 'degraded' || health.state === 'unknown';
  const verdict = verdictOn(health.failures, context, hardOnly, now.monotonic);
  return verdict === null
    ? health
    : fallen(health, verdict.reason, { hasty: verdict.hasty, needsGreeting: verdict.needsGreeting }, now);
}

type Life = Extract<Observation, { kind: 'connected' | 'answered' }>;

function afterLife(health: Health, life: Life, context: HealthContext, now: Moment): Health {
  const greeted = life.kind === 'answered';
  if (health.state === 'down') {
    if (!greeted && health.fall?.needsGreeting) return health;
    return proved(health, life, context, now);
  }
  const next = cleared(health, life);
  if (next.state === 'unknown') return moved(next, 'up', `${life.to.host} answered`, now);
  if (next.state === 'up')
    return isLossy(next, context)
      ? degraded(
          next,
          'many connects through it are lost or slow, while other uplinks reach the same hosts',
          now,
        )
      : next;
  return risen(next, context, now);
}

/** Evidence that this sign of life refutes is dropped; the same object where there is none. */
function cleared(health: Health, life: Life): Health {
  const greeted = life.kind === 'answered';
  const failures = greeted ? [] : health.failures.filter(failure => failure.stage === 'greeting');
  const unchanged = failures.length === health.failures.length;
  if (greeted && unchanged && health.suspectedAt === null) return health;
  const connects = greeted ? health.connects : withConnect(health, life.site, life.connectMs < slowConnectMs);
  return {
    ...health,
    failures: unchanged ? health.failures : failures,
    suspectedAt: failures.length === 0 ? null : health.suspectedAt,
    connects,
  };
}

function withConnect(health: Health, site: string, good: boolean): Health['connects'] {
  return [...health.connects.slice(1 - connectsKept), { site, good }];
}

/** A fallen egress answered. */
function proved(health: Health, life: Life, context: HealthContext, now: Moment): Health {
  const { settings } = context;
  const at = now.monotonic;
  const hastily = health.fall?.hasty === true && at - health.sinceAt <= settings.timeoutMs + 1_000;
  if (hastily) return degraded(fresh(health), `slow: ${life.to.host} answered after it was given up`, now);
  if (!context.othersUsable)
    return degraded(
      fresh(health),
      `${life.to.host} answered; used before it has proved itself, because no other uplink can be`,
      now,
    );
  const longestGapMs = 3 * settings.suspectIntervalMs + settings.timeoutMs;
  const proof = health.proof;
  if (proof === null || at - proof.last > longestGapMs)
    return {
      ...health,
      failures: [],
      connects: [],
      proof: { since: at, last: at },
      reason: `${life.to.host} answered; proving itself for ${seconds(proofRequiredMs(health, settings))} (it was down: ${fallReason(health.reason)})`,
    };
  // What was begun before the first answer may have been lost to the old trouble.
  const isOfProof = life.kind === 'connected' && at - life.connectMs >= proof.since;
  const connects = isOfProof
    ? withConnect(health, life.site, life.connectMs < slowConnectMs)
    : health.connects;
  if (at - proof.since < proofRequiredMs(health, settings))
    return { ...health, failures: [], connects, proof: { since: proof.since, last: at } };
  const isMixed = new Set(connects.map(({ good }) => good)).size > 1;
  if (isMixed)
    return degraded(
      { ...fresh(health), connects },
      `answered for ${seconds(at - proof.since)}, but some connects were lost or slow`,
      now,
    );
  const returned = { ...fresh(health), returnedAt: at };
  return moved(returned, 'up', `answered for ${seconds(at - proof.since)} without a failure`, now);
}

/** The reason of the fall, as it was before the proof began. */
function fallReason(reason: string): string {
  return /\(it was down: (.*)\)$/.exec(reason)?.[1] ?? reason;
}

/** Without what spoke against it. */
function fresh(health: Health): Health {
  return { ...health, failures: [], suspectedAt: null, connects: [], fall: null, proof: null };
}

function afterFailure(
  health: Health,
  observation: Extract<Observation, { kind: 'failed' }>,
  context: HealthContext,
  now: Moment,
): Health {
  const { kind } = observation.error;
  if (kind === 'address_absent') return afterHost(health, 'address absent', context, now);
  if (kind === 'resources' || kind === 'other' || (kind === 'aborted' && !observation.overtaken))
    return health;
  if (!context.trusted && (kind === 'timeout' || observation.overtaken)) return health;
  const failure = failureOf(observation, context);
  if (health.state === 'down')
    return failure.reachedBy === null
      ? health
      : { ...health, proof: null, reason: fallReason(health.reason) };
  const lived =
    !observation.overtaken && failure.reachedBy === null && context.lastLifeAt > failure.startedAt;
  // Before the first answer nothing is known of its pace, so no connect can be called lost.
  const counts = failure.reachedBy !== null && health.state !== 'unknown';
  const next: Health = {
    ...health,
    failures: [...health.failures.slice(1 - mostFailures), failure],
    suspectedAt: lived ? health.suspectedAt : (health.suspectedAt ?? now.monotonic),
    connects: counts ? withConnect(health, observation.site, false) : health.connects,
  };
  return reviewHealth(next, context, now);
}

function afterHost(health: Health, condition: HostCondition, context: HealthContext, now: Moment): Health {
  if (condition === health.condition) return health;
  const next = { ...health, condition };
  if (condition !== 'sound')
    return fallen({ ...next, failures: [] }, condition, { hasty: false, needsGreeting: false }, now);
  if (health.state !== 'down') return next;
  if (context.witnesses === 0 || !context.othersUsable)
    return moved(fresh(next), 'unknown', `"${health.condition}" is over; nothing was sent by it since`, now);
  return { ...next, reason: `"${health.condition}" is over; proving itself by probes` };
}

function fallen(health: Health, reason: string, fall: NonNullable<Health['fall']>, now: Moment): Health {
  const next = {
    ...health,
    ...relapse(health, now.monotonic),
    fall,
    proof: null,
    suspectedAt: health.suspectedAt ?? now.monotonic,
  };
  return health.state === 'down' ? { ...next, reason } : moved(next, 'down', reason, now);
}

function degraded(health: Health, reason: string, now: Moment): Health {
  const counts = health.state === 'up' ? relapse(health, now.monotonic) : {};
  return moved({ ...health, ...counts }, 'degraded', reason, now);
}

/** Back from `degraded`: its time is over, and the last connects were all good. */
function risen(health: Health, context: HealthContext, now: Moment): Health {
  const over = now.monotonic - health.sinceAt >= proofRequiredMs(health, context.settings);
  if (!over || goodInARow(health) < goodConnectsToRise) return health;
  return moved({ ...health, returnedAt: now.monotonic }, 'up', 'its connects are quick and sure again', now);
}

/** How many of the last connects were good without a break. */
function goodInARow({ connects }: Health): number {
  return connects.length - 1 - connects.findLastIndex(({ good }) => !good);
}

/** It was lossy and seems to be so no more: worth a closer look. */
export function seemsToRise(health: Health): boolean {
  return health.state === 'degraded' && goodInARow(health) >= goodConnectsToHope;
}

function isLossy(health: Health, context: HealthContext): boolean {
  const judged = health.connects.slice(-connectsJudged);
  const bad = judged.filter(connect => !connect.good);
  if (bad.length < badConnects || bad.length === judged.length) return false;
  return context.witnesses <= 1 || new Set(bad.map(connect => connect.site)).size > 1;
}

/** A fall soon after the return doubles the next proof; an hour up lets all be forgotten. */
function relapse(health: Health, at: number): Pick<Health, 'relapses' | 'returnedAt'> {
  const { relapses, returnedAt } = health;
  if (returnedAt === null) return { relapses, returnedAt };
  if (at - returnedAt >= forgottenAfterMs) return { relapses: 0, returnedAt: null };
  return at - returnedAt <= relapseWithinMs
    ? { relapses: Math.min(relapses + 1, 20), returnedAt: null }
    : { relapses, returnedAt };
}

function moved(health: Health, state: Health['state'], reason: string, now: Moment): Health {
  if (health.state === state) return { ...health, reason };
  return { ...health, state, reason, since: now.wall, sinceAt: now.monotonic };
}

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;
