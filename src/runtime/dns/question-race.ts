import type { DnsPath } from '../../decision/next-hop/dns-paths.ts';
import type { DnsFailure } from '../../protocol/dns/failure.ts';
import type { DnsResponse } from '../../protocol/dns/message.ts';
import type { Timer } from '../ports.ts';
import { Ask, type AskOutcome, type DnsPorts, type Question } from './ask.ts';
import type { PathMemory } from './path-memory.ts';

/** A way that has said nothing for so long is joined by the next. */
const hedgeMs = 100;

/** When, after its start, a question that nobody answered is sent again by every way. */
const roundsAtMs = [0, 1_000, 2_500, 5_000] as const;

export type RaceOutcome =
  | { readonly kind: 'answer'; readonly response: DnsResponse; readonly path: DnsPath }
  | { readonly kind: 'failed'; readonly reason: string; readonly failure: DnsFailure };

export type RaceSetting = {
  /** The ways to ask now, in order. */
  readonly paths: () => readonly DnsPath[];
  readonly memory: PathMemory;
  /** False: enough sockets are open, no second way may be opened beside the first. */
  readonly mayHedge: () => boolean;
  /** Monotonic ms at which the question is given up. */
  readonly deadline: number;
};

/**
 * One question, asked by one way after the other: the next starts 100 ms after the last, or at once when the last has
 * failed. The first good answer wins and the others are closed. Datagrams are repeated, for some are lost, and while
 * one way is silent those that have failed are asked again.
 * Ends with the answer, when every way has failed, or at the deadline; `done` is called once.
 */
export class QuestionRace {
  readonly #ports: DnsPorts;
  readonly #question: Question;
  readonly #setting: RaceSetting;
  readonly #done: (outcome: RaceOutcome) => void;
  readonly #startedAt: number;
  /** By path key; null once that way has failed. */
  readonly #asks = new Map<string, { ask: Ask; startedAt: number } | null>();
  #waiting: DnsPath[] = [];
  #round = 0;
  /** What the last server said that did not help; where none said anything, why the first could not be asked. */
  #trouble: { readonly reason: string; readonly failure: DnsFailure } | null = null;
  #heard = false;
  #over = false;
  #hedge: Timer | null = null;
  #next: Timer | null = null;

  constructor(
    ports: DnsPorts,
    question: Question,
    setting: RaceSetting,
    done: (outcome: RaceOutcome) => void,
  ) {
    this.#ports = ports;
    this.#question = question;
    this.#setting = setting;
    this.#done = done;
    this.#startedAt = ports.clock.monotonic();
    this.#startRound();
  }

  /** Sockets that are open now. */
  get open(): number {
    let open = 0;
    for (const running of this.#asks.values()) if (running !== null) open += 1;
    return open;
  }

  /** Ends at once without an answer. */
  giveUp(reason: string): void {
    if (!this.#over) this.#finish({ kind: 'failed', reason, failure: 'given_up' });
  }

  #close(): void {
    this.#over = true;
    this.#hedge?.cancel();
    this.#next?.cancel();
    for (const running of this.#asks.values()) running?.ask.cancel();
  }

  #startRound(): void {
    this.#hedge?.cancel();
    this.#round += 1;
    this.#waiting = [];
    for (const path of this.#setting.paths()) {
      const running = this.#asks.get(path.key);
      if (running) running.ask.repeat();
      else this.#waiting.push(path);
    }
    this.#planNextRound();
    this.#askNext();
  }

  #planNextRound(): void {
    const { clock } = this.#ports;
    const now = clock.monotonic();
    const at = Math.min(this.#setting.deadline, this.#startedAt + (roundsAtMs[this.#round] ?? Infinity));
    this.#next = clock.timer(at - now, () => {
      if (this.#over) return;
      if (clock.monotonic() >= this.#setting.deadline) this.#fail();
      else this.#startRound();
    });
  }

  /** Opens the next way, if one is left, and the one after it in 100 ms. */
  #askNext(): void {
    if (this.#over) return;
    this.#hedge?.cancel();
    const mayOpen = this.open === 0 || this.#setting.mayHedge();
    const path = mayOpen ? this.#waiting.shift() : undefined;
    if (path !== undefined) {
      const { clock } = this.#ports;
      const ask = new Ask(this.#ports, path, this.#question, outcome => this.#heardOf(path, outcome));
      this.#asks.set(path.key, { ask, startedAt: clock.monotonic() });
    }
    if (this.#waiting.length > 0) this.#hedge = this.#ports.clock.timer(hedgeMs, () => this.#askNext());
    else if (this.open === 0) this.#fail();
  }

  #heardOf(path: DnsPath, outcome: AskOutcome): void {
    if (this.#over) return;
    this.#asks.set(path.key, null);
    const { memory } = this.#setting;
    const now = this.#ports.clock.monotonic();
    if (outcome.kind === 'answer') {
      for (const [key, running] of this.#asks)
        if (running !== null && now - running.startedAt >= hedgeMs) memory.silent(key, now);
      memory.answered(path.key);
      return this.#finish({ kind: 'answer', response: outcome.response, path });
    }
    if (outcome.kind === 'failed') this.#heard = true;
    if (outcome.kind === 'unreachable' || outcome.failure === 'refused') memory.silent(path.key, now);
    if (outcome.kind === 'failed') this.#trouble = outcome;
    else this.#trouble ??= { reason: outcome.reason, failure: 'unreachable' };
    this.#askNext();
  }

  #fail(): void {
    const { name, type } = this.#question;
    const waitedMs = Math.round(this.#ports.clock.monotonic() - this.#startedAt);
    const silence =
      this.#asks.size === 0
        ? ({ reason: 'there is no way to ask a resolver', failure: 'unreachable' } as const)
        : ({ reason: `no resolver answered within ${waitedMs} ms`, failure: 'timeout' } as const);
    const waitsInVain = this.open > 0 && !this.#heard;
    const { reason, failure } = waitsInVain ? silence : (this.#trouble ?? silence);
    this.#finish({ kind: 'failed', reason: `DNS look-up of ${name} ${type} failed: ${reason}`, failure });
  }

  #finish(outcome: RaceOutcome): void {
    this.#close();
    this.#done(outcome);
  }
}
