import type { Condition } from '../notice/condition.ts';
import { type EgressState, isUsableState } from './health-state.ts';

/** One uplink as a whole: as good as its best egress. `since` is wall ms. */
export type UplinkStanding = {
  readonly name: string;
  readonly state: EgressState;
  readonly since: number;
  readonly reason: string;
};

/**
 * What an operator is told of the uplinks: each change of one, and that none can be used. Once each: the states that come
 * here are damped already. That an uplink is sound at start is no news, and `unknown` says nothing by itself.
 */
export class UplinkConditions {
  #told: ReadonlyMap<string, EgressState> = new Map();
  #allSince: number | null = null;
  readonly #advice: (uplink: string) => string;

  /** `advice`: what to do about an uplink that is down, as a sentence; left out, for a running gateway. */
  constructor(advice = (uplink: string): string => `"postern uplinks test ${uplink}" shows where it stops.`) {
    this.#advice = advice;
  }

  /** The uplinks as they are now; gives what is to be told. `at` is wall ms. */
  hear(uplinks: readonly UplinkStanding[], at: number): readonly Condition[] {
    const before = this.#told;
    this.#told = new Map(uplinks.map(({ name, state }) => [name, stateTold(before.get(name), state)]));
    const anyUsable = uplinks.some(isUsable);
    const changes = uplinks.flatMap(uplink => {
      const previous = before.get(uplink.name) ?? 'unknown';
      const state = this.#told.get(uplink.name) ?? 'unknown';
      return isNews(previous, state) ? [changed(uplink, previous, anyUsable, this.#advice(uplink.name))] : [];
    });
    const gone = [...before].flatMap(([name, previous]) =>
      this.#told.has(name) || !isNews(previous, 'up') ? [] : [forgotten(name, previous, at)],
    );
    return [...changes, ...gone, ...this.#all(uplinks, anyUsable, at)];
  }

  #all(uplinks: readonly UplinkStanding[], anyUsable: boolean, at: number): readonly Condition[] {
    const isTrouble = uplinks.length > 0 && !anyUsable;
    if (isTrouble === (this.#allSince !== null)) return [];
    this.#allSince = isTrouble ? at : null;
    const states = uplinks.map(({ name, state, reason }) => `${name} is ${state}: ${reason}`).join('; ');
    const usable = uplinks.find(isUsable)?.name;
    return [
      {
        kind: 'all_uplinks',
        subject: '',
        uplink: null,
        state: isTrouble ? 'trouble' : 'over',
        previous: isTrouble ? 'over' : 'trouble',
        since: at,
        reason: isTrouble
          ? `${states}. Mail is taken and waits until one is back.`
          : usable === undefined
            ? 'No uplink is configured any more.'
            : `Mail leaves by ${usable}.`,
      },
    ];
  }
}

const isUsable = ({ state }: UplinkStanding): boolean => isUsableState(state);

/** An uplink that is only `unknown` again is told when it has shown what it is. */
function stateTold(told: EgressState | undefined, state: EgressState): EgressState {
  return state === 'unknown' ? (told ?? 'unknown') : state;
}

function isNews(previous: EgressState, state: EgressState): boolean {
  return state !== previous && !(previous === 'unknown' && state === 'up');
}

function changed(
  uplink: UplinkStanding,
  previous: EgressState,
  othersUsable: boolean,
  advice: string,
): Condition {
  const { name, state, since, reason } = uplink;
  return { kind: 'uplink', subject: name, uplink: name, state, previous, since, reason: told() };

  function told(): string {
    const why = /[.!?]$/.test(reason) ? reason : `${reason}.`;
    if (state === 'drained') return `${why} "postern uplinks resume ${name}" takes it back into use.`;
    if (state === 'degraded') return `${why} It is used after every uplink that is up.`;
    if (state !== 'down') return why;
    const mail = othersUsable
      ? 'Mail leaves by another uplink.'
      : 'No other uplink can be used, so mail waits.';
    return `${why} ${mail} ${advice}`;
  }
}

function forgotten(name: string, previous: EgressState, at: number): Condition {
  return {
    kind: 'uplink',
    subject: name,
    uplink: name,
    state: 'up',
    previous,
    since: at,
    reason: `${name} is configured no more.`,
  };
}
