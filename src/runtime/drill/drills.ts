import { planDrill } from '../../decision/egress/drill-plan.ts';
import type { TimeSamples } from '../egress/time-samples.ts';
import type { EventStream } from '../events.ts';
import type { DrillProgress, DrillReport, EgressTest, UplinkReport } from '../gateway-control.ts';
import type { Clock, Result } from '../ports.ts';
import { type DrillEnd, DrillTally } from './drill-tally.ts';
import { harmOfTests, harmVerdict, soundVerdict } from './drill-words.ts';

/** All new mail: a share of it would say less of the spare, and a refusal costs a delay and no bounce. */
const share = 1;
const progressMs = 5_000;

type Parts = {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly reports: () => readonly UplinkReport[];
  readonly test: (uplink: string) => Promise<Result<readonly EgressTest[], string>>;
  /** Sends this share of the mail by the uplink, until what it gives is called. */
  readonly favour: (uplink: string, share: number) => () => void;
  /** Tells of receivers that refuse us on one egress; `reason` holds the reply. Gives the way to stop listening. */
  readonly onRefusal: (listener: (egressId: string, reason: string) => void) => () => void;
};

type Course = {
  readonly uplink: string;
  readonly usual: string;
  readonly tests: readonly EgressTest[];
  readonly ranMs: number;
  readonly end: DrillEnd | null;
  readonly tally: DrillTally;
};

/**
 * Sends mail by a spare uplink for a while, to see that it carries it. What is known of it is looked at first, then a
 * session and its identity are tried, and only then mail is moved; at the first sign of harm, or when whoever asked goes
 * away, mail is given back at once. One drill at a time.
 */
export class Drills {
  readonly #parts: Parts;
  #running: { readonly uplink: string; readonly abort: AbortController } | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** `name` null: the best spare. The error says why a drill makes no sense now. */
  async run(
    name: string | null,
    forMs: number,
    progress: (progress: DrillProgress) => void,
    signal: AbortSignal,
  ): Promise<Result<DrillReport, string>> {
    if (this.#running !== null)
      return { ok: false, error: `A drill of ${this.#running.uplink} is under way; wait for its end.` };
    const plan = planDrill(this.#parts.reports(), name);
    if (plan.kind === 'refused') return { ok: false, error: plan.reason };
    const { uplink, usual } = plan;
    const tally = this.#tallyOf(uplink, usual);
    if (plan.kind === 'harm') {
      const end: DrillEnd = { kind: 'harm', reason: plan.reason };
      return { ok: true, value: this.#report({ uplink, usual, tests: [], ranMs: 0, end, tally }) };
    }
    const abort = new AbortController();
    this.#running = { uplink, abort };
    const over = AbortSignal.any([signal, abort.signal]);
    try {
      return { ok: true, value: await this.#hold(uplink, usual, tally, forMs, progress, over) };
    } finally {
      this.#running = null;
    }
  }

  /** Ends what is under way. */
  stop(): void {
    this.#running?.abort.abort();
  }

  async #hold(
    uplink: string,
    usual: string,
    tally: DrillTally,
    forMs: number,
    progress: (progress: DrillProgress) => void,
    over: AbortSignal,
  ): Promise<DrillReport> {
    const { clock, test } = this.#parts;
    const [own, other] = await Promise.all([test(uplink), test(usual)]);
    const tests = own.ok ? own.value : [];
    const harm = harmOfTests(tests, other.ok ? other.value : []);
    if (harm !== null)
      return this.#report({ uplink, usual, tests, ranMs: 0, end: { kind: 'harm', reason: harm }, tally });
    const startedAt = clock.monotonic();
    const end = over.aborted ? byHand : await this.#carry(uplink, usual, tally, forMs, progress, over);
    return this.#report({ uplink, usual, tests, ranMs: clock.monotonic() - startedAt, end, tally });
  }

  /** Moves the mail, until the time is over (null) or something ends it before. */
  #carry(
    uplink: string,
    usual: string,
    tally: DrillTally,
    forMs: number,
    progress: (progress: DrillProgress) => void,
    over: AbortSignal,
  ): Promise<DrillEnd | null> {
    const { clock, events, favour, onRefusal } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<DrillEnd | null>();
    const startedAt = clock.monotonic();
    const giveBack = favour(uplink, share);
    const unsubscribe = events.subscribe(event => {
      const end = tally.hear(event, clock.monotonic());
      if (end !== null) finish(end);
    });
    const deafen = onRefusal((egressId, reason) => {
      const end = tally.refusal(egressId, reason);
      if (end !== null) finish(end);
    });
    const aborted = (): void => finish(byHand);
    over.addEventListener('abort', aborted, { once: true });
    const last = clock.timer(forMs, () => finish(null));
    const tell = (): void => {
      const { sent, deferred, refused, unreached } = tally;
      progress({ uplink, usual, ranMs: clock.monotonic() - startedAt, sent, deferred, refused, unreached });
      this.#prove(uplink);
      tick = clock.timer(progressMs, tell);
    };
    let tick = clock.timer(progressMs, tell);
    const finish = (end: DrillEnd | null): void => {
      giveBack();
      unsubscribe();
      deafen();
      over.removeEventListener('abort', aborted);
      last.cancel();
      tick.cancel();
      resolve(end);
    };
    return promise;
  }

  /** An uplink that has shown no life yet is given no mail for itself; a session may show it. */
  #prove(uplink: string): void {
    if (this.#reportOf(uplink)?.state === 'unknown') void this.#parts.test(uplink);
  }

  #tallyOf(uplink: string, usual: string): DrillTally {
    return new DrillTally(uplink, usual, this.#reportOf(uplink)?.egresses.map(({ id }) => id) ?? []);
  }

  #reportOf(name: string): UplinkReport | undefined {
    return this.#parts.reports().find(uplink => uplink.name === name);
  }

  #report({ uplink, usual, tests, ranMs, end, tally }: Course): DrillReport {
    const egresses = this.#reportOf(uplink)?.egresses ?? [];
    const seen = {
      uplink,
      usual,
      ranMs: Math.round(ranMs),
      stopped: end?.reason ?? null,
      sent: tally.sent,
      deferred: tally.deferred,
      refused: tally.refused,
      unreached: tally.unreached,
      connectMs: percentiles(tally.connects),
      usualConnectMs: this.#reportOf(usual)?.egresses[0]?.connectMs ?? percentiles(null),
      deliveryMs: percentiles(tally.deliveries),
      usualDeliveryMs: percentiles(tally.usualDeliveries),
      tests,
      identity: egresses.map(({ id, fit, fitReason }) => ({ egress: id, fit, reason: fitReason })),
    };
    return { ...seen, ...(end?.kind === 'harm' ? harmVerdict(uplink, end.reason) : soundVerdict(seen)) };
  }
}

const byHand: DrillEnd = { kind: 'moot', reason: 'It was ended by hand.' };

function percentiles(samples: TimeSamples | null): DrillReport['connectMs'] {
  return { p50: samples?.percentile(0.5) ?? null, p99: samples?.percentile(0.99) ?? null };
}
