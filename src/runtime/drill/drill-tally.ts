import { TimeSamples } from '../egress/time-samples.ts';
import type { GatewayEvent, TraceEvent } from '../events.ts';

/** Why a drill ends before its time. `harm`: the spare does mail no good. `moot`: there is nothing to try any more. */
export type DrillEnd = { readonly kind: 'harm' | 'moot'; readonly reason: string };

/** A failed connect is set against another uplink's success at the same site so long. */
const besideMs = 60_000;
const samplesKept = 1_000;

/** Counts what the drilled uplink does with mail, and sees the first sign of harm. Times are monotonic ms. */
export class DrillTally {
  readonly connects = new TimeSamples(samplesKept);
  readonly deliveries = new TimeSamples(samplesKept);
  readonly usualDeliveries = new TimeSamples(samplesKept);
  sent = 0;
  deferred = 0;
  refused = 0;
  unreached = 0;
  readonly #spare: string;
  readonly #usual: string;
  readonly #egresses: ReadonlySet<string>;
  /** By site. */
  readonly #failed = new Map<string, number>();
  readonly #reachedElsewhere = new Map<string, number>();

  constructor(spare: string, usual: string, spareEgresses: readonly string[]) {
    this.#spare = spare;
    this.#usual = usual;
    this.#egresses = new Set(spareEgresses);
  }

  /** Null: go on. */
  hear(event: GatewayEvent, now: number): DrillEnd | null {
    switch (event.kind) {
      case 'message':
        return this.#message(event.trace);
      case 'connect':
        return this.#connect(event, now);
      case 'condition':
        return this.#condition(event.condition);
      default:
        return null;
    }
  }

  /** A receiver refused us on this egress; `reason` holds its reply. Mail that it refused may be with the usual one already. */
  refusal(egressId: string, reason: string): DrillEnd | null {
    if (!this.#egresses.has(egressId)) return null;
    if (isForGood(reason)) this.refused += 1;
    else this.deferred += 1;
    return isForGood(reason) ? harm(reason) : null;
  }

  #message(trace: TraceEvent): DrillEnd | null {
    if (trace.uplink === this.#usual && trace.event === 'delivered' && trace.elapsedMs !== null)
      this.usualDeliveries.add(trace.elapsedMs);
    if (trace.uplink !== this.#spare) return null;
    switch (trace.event) {
      case 'delivered':
        this.sent += 1;
        if (trace.elapsedMs !== null) this.deliveries.add(trace.elapsedMs);
        return null;
      case 'deferred':
      case 'in_doubt':
      case 'bounced':
        return this.#notTaken(trace);
      default:
        return null;
    }
  }

  /** What was blamed on the route was told as a refusal already. */
  #notTaken({ reply, blame, host }: TraceEvent): DrillEnd | null {
    if (blame === 'route' && reply !== null) return null;
    if (reply?.startsWith('5') === true) this.refused += 1;
    else this.deferred += 1;
    return reply !== null && isPolicy(reply) ? harm(`${host ?? 'A receiver'} refused it: ${reply}`) : null;
  }

  #connect(
    { egressId, site, connectMs, error, probe }: Extract<GatewayEvent, { kind: 'connect' }>,
    now: number,
  ): DrillEnd | null {
    if (!this.#egresses.has(egressId)) {
      if (error !== null) return null;
      this.#reachedElsewhere.set(site, now);
      return this.#isRecent(this.#failed.get(site), now) ? this.#unreachable(site) : null;
    }
    if (error === null) {
      if (!probe && connectMs !== null) this.connects.add(connectMs);
      return null;
    }
    if (error === 'aborted' || error === 'resources') return null;
    if (!probe) this.unreached += 1;
    this.#failed.set(site, now);
    return this.#isRecent(this.#reachedElsewhere.get(site), now) ? this.#unreachable(site) : null;
  }

  #isRecent(at: number | undefined, now: number): boolean {
    return at !== undefined && now - at <= besideMs;
  }

  #unreachable(site: string): DrillEnd {
    return harm(`${site} cannot be reached through ${this.#spare}, but through another uplink`);
  }

  #condition(condition: Extract<GatewayEvent, { kind: 'condition' }>['condition']): DrillEnd | null {
    const { kind, uplink, state, reason } = condition;
    if (kind === 'identity' && uplink === this.#spare && state === 'unfit') return harm(reason);
    if (kind !== 'uplink') return null;
    const said = `${uplink ?? ''} is ${state}: ${reason}`;
    if (uplink === this.#spare && (state === 'down' || state === 'degraded')) return harm(said);
    if (uplink === this.#spare && state === 'drained') return { kind: 'moot', reason: said };
    if (uplink === this.#usual && (state === 'down' || state === 'drained'))
      return { kind: 'moot', reason: `${said} ${this.#spare} carries the mail in earnest now.` };
    return null;
  }
}

const harm = (reason: string): DrillEnd => ({ kind: 'harm', reason });

/** A refusal for good, or with the 421 of a greeting; a greylisting is none. */
const isForGood = (reason: string): boolean => /: (5\d\d|421)\b/.test(reason);

/** Security or policy (RFC 3463 section 3.8): it may be about who we are, though it was not blamed on the route. */
const isPolicy = (reply: string): boolean => /^5\d\d 5\.7\.\d/.test(reply);
