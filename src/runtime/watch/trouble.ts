import type { ConditionKind } from '../../decision/notice/condition.ts';
import type { EventStream } from '../events.ts';
import type { Clock } from '../ports.ts';

/** A condition that there is one of: told when it begins, when it becomes another, and when it ends. */
export class Trouble {
  readonly #kind: ConditionKind;
  readonly #clock: Clock;
  readonly #events: EventStream;
  #state = 'over';

  constructor(kind: ConditionKind, clock: Clock, events: EventStream) {
    this.#kind = kind;
    this.#clock = clock;
    this.#events = events;
  }

  get lasts(): boolean {
    return this.#state !== 'over';
  }

  /** `state` in a word; `since` in wall ms, left out: now. */
  begins(reason: string, state = 'trouble', since = this.#clock.now()): void {
    this.#change(state, since, reason);
  }

  ends(reason: string): void {
    this.#change('over', this.#clock.now(), reason);
  }

  #change(state: string, since: number, reason: string): void {
    const previous = this.#state;
    if (state === previous) return;
    this.#state = state;
    const condition = { kind: this.#kind, subject: '', uplink: null, state, previous, since, reason };
    this.#events.emit({ kind: 'condition', at: this.#clock.now(), condition });
  }
}
