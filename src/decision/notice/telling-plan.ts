import type { Condition, ConditionKind } from './condition.ts';

/** What one way tells: a trouble that began, or its end with the trouble that ended. */
export type Notice = {
  readonly condition: Condition;
  /** The trouble that this ends; null where one begins. */
  readonly ended: Condition | null;
};

export type NextTelling =
  | { readonly kind: 'tell'; readonly notice: Notice }
  /** Something waits, and its time comes in so long. */
  | { readonly kind: 'wait'; readonly ms: number };

/** Notices that wait to be told; the oldest is left out beyond. */
const waitingLimit = 100;
/** Of one condition, so many are told in so long: what flaps is told as it stands at the end. */
const tellingsInPace = 2;
const paceMs = 120_000;
/** Conditions whose pace is remembered. */
const pacedLimit = 1_000;

const soundStates: ReadonlySet<string> = new Set(['up', 'unknown', 'degraded', 'fit', 'over', 'carries']);
/** Of a drill that came to no verdict: what was before still holds. */
const openStates: ReadonlySet<string> = new Set(['no_mail', 'skipped']);

/** Is this a trouble, or the end of one? `degraded` is usable, so it is none. */
export function isTrouble({ state }: Condition): boolean {
  return !soundStates.has(state) && !openStates.has(state);
}

/** Does it say nothing of whether a trouble began or ended? */
export function isOpen({ state }: Condition): boolean {
  return openStates.has(state);
}

/** The name of what a condition is about: its changes follow each other. */
export function conditionKey({ kind, subject }: Condition): string {
  return `${kind}\n${subject}`;
}

/**
 * What one way to the operator still has to tell. Each trouble is told once when it begins and once when it ends; one
 * that ended before it was told is told as both in one notice. Time is monotonic ms.
 */
export class TellingPlan {
  /** Troubles told, whose end was not. */
  readonly #told = new Map<string, Condition>();
  /** In the order of their last change. */
  readonly #waiting = new Map<string, Notice>();
  /** Of a life before, and not heard of since. */
  readonly #carried = new Set<string>();
  readonly #tellings = new Map<string, readonly number[]>();
  #leftOut = 0;

  /** `told`: what a life before had told. */
  constructor(told: readonly Condition[] = []) {
    for (const condition of told) {
      this.#told.set(conditionKey(condition), condition);
      this.#carried.add(conditionKey(condition));
    }
  }

  /** Troubles told, whose end was not: what must outlive a restart. */
  get told(): readonly Condition[] {
    return [...this.#told.values()];
  }

  /** How many notices were left out, because more waited than may. */
  get leftOut(): number {
    return this.#leftOut;
  }

  hear(condition: Condition): void {
    if (isOpen(condition)) return;
    const key = conditionKey(condition);
    this.#carried.delete(key);
    const told = this.#told.get(key) ?? null;
    const waiting = this.#waiting.get(key) ?? null;
    if (isTrouble(condition)) {
      if (waiting !== null && waiting.condition.state === condition.state) return;
      this.#waiting.delete(key);
      if (told?.state !== condition.state) this.#wait(key, { condition, ended: null });
      return;
    }
    this.#waiting.delete(key);
    const ended = told ?? untoldTrouble(waiting);
    if (ended !== null) this.#wait(key, { condition, ended });
  }

  /** As `hear`, where it is about a trouble of a life before that nothing was heard of since. */
  hearOfCarried(condition: Condition): void {
    if (this.#carried.has(conditionKey(condition))) this.hear(condition);
  }

  /**
   * Of troubles of these kinds that were told in a life before, those that nothing was heard of since are over. `at` is
   * wall ms.
   */
  presumeOver(kinds: ReadonlySet<ConditionKind>, at: number): void {
    for (const key of this.#carried) {
      const before = this.#told.get(key);
      if (before === undefined || !kinds.has(before.kind)) continue;
      this.hear({
        ...before,
        state: soundState(before.kind),
        previous: before.state,
        since: at,
        reason: 'It has not shown itself since Postern was started again.',
      });
    }
  }

  /** What is to be told next; it stays until `done`. Null: nothing waits. */
  next(now: number): NextTelling | null {
    let soonest = Number.POSITIVE_INFINITY;
    for (const [key, notice] of this.#waiting) {
      const [first, ...more] = this.#tellings.get(key) ?? [];
      const paced = first !== undefined && more.length + 1 >= tellingsInPace;
      const ms = paced ? first + paceMs - now : 0;
      if (ms <= 0) return { kind: 'tell', notice };
      soonest = Math.min(soonest, ms);
    }
    return Number.isFinite(soonest) ? { kind: 'wait', ms: soonest } : null;
  }

  /** It was told, or given up. What has come since and says no more than that is dropped. */
  done(notice: Notice, now: number): void {
    const { condition } = notice;
    const key = conditionKey(condition);
    if (isTrouble(condition)) this.#told.set(key, condition);
    else this.#told.delete(key);
    this.#tellings.set(key, [...(this.#tellings.get(key) ?? []), now].slice(-tellingsInPace));
    if (this.#tellings.size > pacedLimit) forgetFirst(this.#tellings);
    const since = this.#waiting.get(key);
    if (since === undefined) return;
    const saysNoMore = isTrouble(condition)
      ? since.condition.state === condition.state
      : !isTrouble(since.condition);
    if (since === notice || saysNoMore) this.#waiting.delete(key);
  }

  #wait(key: string, notice: Notice): void {
    this.#waiting.set(key, notice);
    if (this.#waiting.size <= waitingLimit) return;
    forgetFirst(this.#waiting);
    this.#leftOut += 1;
  }
}

function untoldTrouble(waiting: Notice | null): Condition | null {
  if (waiting === null) return null;
  return isTrouble(waiting.condition) ? waiting.condition : waiting.ended;
}

function forgetFirst(map: Map<string, unknown>): void {
  const [first] = map.keys();
  if (first !== undefined) map.delete(first);
}

function soundState(kind: ConditionKind): string {
  if (kind === 'uplink' || kind === 'all_uplinks') return 'up';
  return kind === 'identity' ? 'fit' : 'over';
}
