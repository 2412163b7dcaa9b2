import type { Candidate } from '../../decision/egress/choice.ts';
import type { NetworkError } from '../../decision/egress/observation.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Connection, Network, Timer } from '../ports.ts';
import type { EgressGuide } from './egress-guide.ts';

/** Linux itself would go on for 130 s; RFC 5321 section 4.5.3.2 says nothing of the connection. */
const connectTimeoutMs = 30_000;

/** An egress that this receiver refuses, or cannot be reached by, does not start beside one that is only slow. */
const penalisedHeadStartMs = 5_000;

export type RaceResult =
  | {
      readonly kind: 'won';
      readonly candidate: Candidate;
      readonly connection: Connection;
      readonly connectMs: number;
    }
  | { readonly kind: 'lost'; readonly error: NetworkError; readonly resources: boolean }
  | { readonly kind: 'aborted' };

export type RaceParts = {
  readonly clock: Clock;
  readonly network: Network;
  readonly guide: EgressGuide;
  readonly events: EventStream;
  readonly site: string;
  readonly to: HostAddress;
  /** In order: the first is preferred. */
  readonly candidates: readonly [Candidate, ...Candidate[]];
  /** An egress starts beside another that has not answered. */
  readonly onHedge: (candidate: Candidate, waitedMs: number) => void;
  readonly done: (result: RaceResult) => void;
};

type Runner = {
  readonly candidate: Candidate;
  readonly startedAt: number;
  readonly hedge: boolean;
  readonly abort: AbortController;
  error: NetworkError | null;
  failedAt: number;
};

/**
 * Several egresses to one host address (RFC 8305 is the model): the preferred one starts, the next starts beside it when
 * it has had no answer for its head start, or at once when it failed or went down. The first to connect wins, a tie goes
 * to the preferred, and the losers are closed before they have said a word. What was seen of each is told to the
 * monitor once, at the end, when it is known who reached the host.
 */
export class Race {
  readonly #parts: RaceParts;
  readonly #runners: Runner[] = [];
  #headStart: Timer | null = null;
  #over = false;
  #winner: { readonly runner: Runner; readonly connection: Connection } | null = null;

  constructor(parts: RaceParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#startNext(false);
  }

  /** This egress is down now: whoever waits for it starts at once. */
  egressDown(egressId: string): void {
    const runner = this.#runners.find(each => each.candidate.egress.id === egressId && each.error === null);
    if (!runner || this.#over || this.#winner) return;
    runner.abort.abort();
  }

  abort(): void {
    if (this.#over) return;
    this.#finish();
    this.#winner?.connection.destroy();
    for (const runner of this.#runners) runner.abort.abort();
    this.#parts.done({ kind: 'aborted' });
  }

  #startNext(hedge: boolean): void {
    const { clock, guide, network, to, site, candidates } = this.#parts;
    this.#headStart?.cancel();
    this.#headStart = null;
    const candidate = candidates[this.#runners.length];
    if (candidate === undefined) return;
    const { egress } = candidate;
    const startedAt = clock.monotonic();
    const runner: Runner = {
      candidate,
      startedAt,
      hedge: this.#runners.length > 0,
      abort: new AbortController(),
      error: null,
      failedAt: 0,
    };
    const [first] = this.#runners;
    this.#runners.push(runner);
    if (hedge && first) this.#parts.onHedge(candidate, startedAt - first.startedAt);
    const target = {
      source: egress.kind === 'local' ? null : egress.source,
      address: to.address,
      port: to.port,
      timeoutMs: connectTimeoutMs,
      signal: runner.abort.signal,
    };
    void network.connect(target).then(result => {
      if (result.ok) this.#connected(runner, result.value);
      else this.#failed(runner, result.error);
    });
    const next = candidates[this.#runners.length];
    if (egress.kind === 'local' || next === undefined) return;
    const headStartMs = next.penalised ? penalisedHeadStartMs : guide.headStartMs(egress.id, site);
    this.#headStart = clock.timer(headStartMs, () => this.#headStartOver());
  }

  #headStartOver(): void {
    this.#headStart = null;
    if (this.#over || this.#winner) return;
    if (this.#parts.guide.isEvidenceTrusted()) return this.#startNext(true);
    // We were late ourselves: what has arrived meanwhile is read first.
    this.#headStart = this.#parts.clock.timer(20, () => {
      this.#headStart = null;
      if (!this.#over && !this.#winner) this.#startNext(true);
    });
  }

  #connected(runner: Runner, connection: Connection): void {
    if (this.#over) return connection.destroy();
    if (this.#winner) {
      // A tie within the turn: the preferred one wins.
      const earlier = this.#runners.indexOf(runner) < this.#runners.indexOf(this.#winner.runner);
      const loser = earlier ? this.#winner.connection : connection;
      loser.destroy();
      if (earlier) this.#winner = { runner, connection };
      return;
    }
    this.#headStart?.cancel();
    this.#headStart = null;
    this.#winner = { runner, connection };
    const earlier = this.#runners.slice(0, this.#runners.indexOf(runner));
    if (earlier.every(({ error }) => error !== null)) return this.#won();
    this.#parts.clock.timer(0, () => this.#won());
  }

  #failed(runner: Runner, error: NetworkError): void {
    if (this.#over) return;
    runner.error = error;
    runner.failedAt = this.#parts.clock.monotonic();
    if (this.#winner) return;
    // What the preferred one has no connection left for waits; it never spills to another.
    const spills = error.kind !== 'resources' || runner !== this.#runners[0];
    if (spills && this.#runners.length < this.#parts.candidates.length) return this.#startNext(false);
    if (this.#runners.some(each => each.error === null)) return;
    this.#finish();
    this.#tell(null);
    const told = this.#runners.find(each => each.error?.kind !== 'aborted')?.error ?? error;
    const resources = this.#runners.some(each => each.error?.kind === 'resources');
    this.#parts.done({ kind: 'lost', error: told, resources });
  }

  #won(): void {
    if (this.#over || !this.#winner) return;
    const { runner, connection } = this.#winner;
    this.#finish();
    const connectMs = this.#parts.clock.monotonic() - runner.startedAt;
    this.#tell(runner);
    for (const loser of this.#runners) if (loser !== runner && loser.error === null) loser.abort.abort();
    this.#parts.done({ kind: 'won', candidate: runner.candidate, connection, connectMs });
  }

  #finish(): void {
    this.#over = true;
    this.#headStart?.cancel();
    this.#headStart = null;
  }

  /** Each route's part, with the egress that reached the host where one did. */
  #tell(winner: Runner | null): void {
    const { clock, guide, events, site, to } = this.#parts;
    const now = clock.monotonic();
    const place = winner === null ? this.#runners.length : this.#runners.indexOf(winner);
    this.#runners.forEach((runner, index) => {
      const { egress } = runner.candidate;
      if (egress.kind === 'local') return;
      const told = { at: now, site, to };
      if (runner === winner) {
        const connectMs = now - runner.startedAt;
        guide.observe(egress.id, { kind: 'connected', ...told, connectMs });
      } else if (runner.error === null && index > place) {
        // Started later than the winner: that it is not there yet says nothing.
        return;
      } else if (runner.error?.kind !== 'aborted') {
        guide.observe(egress.id, {
          kind: 'failed',
          ...told,
          error: runner.error ?? { kind: 'aborted', message: 'Another egress reached the host first.' },
          waitedMs: (runner.error === null ? now : runner.failedAt) - runner.startedAt,
          overtaken: runner.error === null,
          reachedBy: winner?.candidate.egress.id ?? null,
          probe: false,
        });
      }
      events.emit({
        kind: 'connect',
        egressId: egress.id,
        site,
        connectMs: runner === winner ? now - runner.startedAt : null,
        error: runner === winner ? null : (runner.error?.kind ?? 'aborted'),
        hedge: runner.hedge,
        probe: false,
      });
    });
  }
}
