import type { HostAddress } from '../../decision/egress/route.ts';
import type { NextHopHost } from '../../decision/next-hop/next-hop.ts';
import type { MessageId } from '../../decision/queue/queued.ts';
import type { Clock, QueueStore, Timer } from '../ports.ts';
import { HandOver } from './hand-over.ts';
import { Knock, type KnockPorts, type KnockResult } from './knock.ts';

/** Between two calls while it is away: with mail that waits for it, and with none. */
const eagerMs = 1_500;
const idleMs = 10_000;
/** While it is there and nothing was delivered to it for so long. */
const restMs = 60_000;
/** Not called again within this while it answers, however many deliveries fail. */
const leastMs = 3_000;
/** The second round follows the first after this. */
const againMs = 1_000;
/** It is away after so many rounds of calls without an answer. */
const roundsToAway = 2;
/** A return is told when it has held for so long, so that one that comes and goes is told of once. */
const steadyMs = 60_000;

export type PrimaryState = 'unknown' | 'here' | 'away' | 'returning';

export type PrimaryParts = KnockPorts & {
  readonly clock: Clock;
  readonly store: Pick<QueueStore, 'list' | 'retry'>;
  readonly doubtWaitMs: () => number;
  /** The store holds something that is due now. */
  readonly wake: () => void;
  /** It answers at this address: what delivery remembers against it no longer holds. */
  readonly answers: (to: HostAddress) => void;
  /** It is away: what delivery has under way there ends. */
  readonly left: () => void;
  /** Away, or back: it is to be kept over restarts. */
  readonly changed: () => void;
  readonly tell: (state: 'trouble' | 'over', since: number, reason: string) => void;
};

/**
 * The primary of one or more domains that we back up: one site. Calls it, keeps mail back while it is away, and hands
 * that over when it answers again.
 */
export class Primary {
  readonly site: string;
  readonly domains = new Set<string>();
  hosts: readonly NextHopHost[];
  readonly #parts: PrimaryParts;
  #state: PrimaryState = 'unknown';
  /** Wall ms: since when it has been away. */
  #awaySince = 0;
  #reason = '';
  #told = false;
  #mailWaits = true;
  #silentRounds = 0;
  #round = 0;
  #knock: Knock | null = null;
  #timer: Timer | null = null;
  #steady: Timer | null = null;
  #handOver: HandOver | null = null;
  #knockedAt = Number.NEGATIVE_INFINITY;
  #deliveredAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  /** `awaySince`: what is remembered of a life before; null: it was there. */
  constructor(parts: PrimaryParts, site: string, hosts: readonly NextHopHost[], awaySince: number | null) {
    this.#parts = parts;
    this.site = site;
    this.hosts = hosts;
    if (awaySince === null) return;
    this.#state = 'away';
    this.#awaySince = awaySince;
    this.#told = true;
  }

  get state(): PrimaryState {
    return this.#state;
  }

  get awaySince(): number | null {
    return this.#state === 'away' ? this.#awaySince : null;
  }

  get reason(): string {
    return this.#reason;
  }

  start(): void {
    this.#call();
  }

  /** An uplink has come back: what did not answer may answer now. */
  uplinkUp(): void {
    if (this.#state === 'away') this.#call();
  }

  stop(): void {
    this.#stopped = true;
    this.#knock?.cancel();
    this.#timer?.cancel();
    this.#steady?.cancel();
    this.#handOver?.stop();
  }

  /** Is this message kept back for now? */
  holds(message: MessageId, domain: string): boolean {
    const held =
      this.#state === 'away' ||
      (this.#state === 'returning' && (this.#handOver?.isWaiting(message, domain) ?? false));
    if (held && !this.#mailWaits) {
      this.#mailWaits = true;
      if (this.#state === 'away') this.#callAfter(eagerMs);
    }
    return held;
  }

  delivered(message: MessageId, elapsedMs: number): void {
    this.#handOver?.heard(message, true, elapsedMs);
    this.#deliveredAt = this.#parts.clock.monotonic();
  }

  /** Put off, refused or not reached. */
  failed(message: MessageId): void {
    this.#handOver?.heard(message, false, 0);
  }

  /** A connect failed or is late, or a session was ended: is it away? */
  suspect(): void {
    if (this.#knock !== null || this.#state === 'away') return;
    const since = this.#parts.clock.monotonic() - this.#knockedAt;
    if (since >= leastMs) this.#call();
    else this.#callAfter(leastMs - since);
  }

  #callAfter(ms: number): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.timer(ms, () => this.#call());
  }

  /** While it takes mail, it need not be asked. */
  #callAfterRest(): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.timer(restMs, () => {
      if (this.#parts.clock.monotonic() - this.#deliveredAt < restMs) this.#callAfterRest();
      else this.#call();
    });
  }

  #call(): void {
    this.#timer?.cancel();
    if (this.#knock !== null || this.#stopped) return;
    const { clock } = this.#parts;
    this.#knockedAt = clock.monotonic();
    let result: KnockResult | null = null;
    const knock = new Knock(this.#parts, this.site, this.hosts, this.#round, found => {
      result = found;
      this.#knock = null;
      this.#round += 1;
      if (!this.#stopped) this.#knocked(found);
    });
    if (result === null) this.#knock = knock;
  }

  #knocked(result: KnockResult): void {
    switch (result.kind) {
      case 'answers':
        this.#silentRounds = 0;
        this.#parts.answers(result.to);
        if (this.#state === 'away') this.#return();
        else if (this.#state === 'unknown') this.#state = 'here';
        return this.#callAfterRest();
      case 'away':
        this.#silentRounds += 1;
        this.#reason = result.reason;
        if (this.#state !== 'away' && this.#silentRounds >= roundsToAway) this.#leave();
        if (this.#state === 'away' && !result.doubtful) this.#tellAway();
        if (this.#state !== 'away') return this.#callAfter(againMs);
        return this.#callAfter(this.#mailWaits ? eagerMs : idleMs);
      case 'no_way':
        return this.#callAfter(this.#mailWaits ? eagerMs : idleMs);
      default:
        result satisfies never;
    }
  }

  #leave(): void {
    const { clock, changed, left } = this.#parts;
    this.#handOver?.stop();
    this.#handOver = null;
    this.#steady?.cancel();
    this.#state = 'away';
    this.#awaySince = clock.now();
    changed();
    left();
  }

  /** Not while it may be our uplinks, of which the operator hears anyway. */
  #tellAway(): void {
    if (this.#told) return;
    this.#told = true;
    const whom = [...this.domains].slice(0, 5).join(', ');
    this.#parts.tell(
      'trouble',
      this.#awaySince,
      `The primary of ${whom} is away (${this.#reason}). Its mail is kept here and handed over when it is back; ` +
        'see to the primary, and if it is sound, to the way there.',
    );
  }

  #return(): void {
    const { clock, store, wake, changed, doubtWaitMs } = this.#parts;
    this.#state = 'returning';
    changed();
    const over = new HandOver(
      {
        clock,
        store,
        doubtWaitMs,
        wake,
        opened: () => {
          if (this.#handOver === over) this.#state = 'here';
        },
        over: () => {
          if (this.#handOver !== over) return;
          this.#handOver = null;
          this.#mailWaits = false;
        },
      },
      [...this.domains],
    );
    this.#handOver = over;
    over.start();
    const since = clock.now();
    this.#steady = clock.timer(steadyMs, () => {
      if (!this.#told) return;
      this.#told = false;
      const kept =
        over.released === 0 ? '' : ` ${over.released} messages that were kept for it are being handed over.`;
      this.#parts.tell(
        'over',
        since,
        `The primary of ${[...this.domains].slice(0, 5).join(', ')} is back.${kept}`,
      );
    });
  }
}
