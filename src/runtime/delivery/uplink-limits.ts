import type { UplinkSetting } from '../../decision/egress/egress.ts';
import type { EgressSnapshot } from '../../decision/egress/health-state.ts';
import type { Clock, Network, Timer } from '../ports.ts';
import { CountedConnection } from './counted-connection.ts';

/** Whoever waits for its turn at an uplink. */
export type Waiter = {
  pump(): void;
  /** Messages that wait with it. */
  readonly waiting: number;
};

/** So many seconds' worth of an uplink's messages wait in memory for its rate; more wait in the store. */
const waitingS = 300;
const fewestWaiting = 100;
const mostWaiting = 3_000;

type Rate = {
  readonly perS: number;
  /** Messages that may go at once. */
  tokens: number;
  /** Monotonic ms: when they were counted. */
  at: number;
  readonly waiters: Set<Waiter>;
  /** Whose turn it is. */
  serving: Waiter | null;
  timer: Timer | null;
};
/** One for as long as its uplink is configured: what was opened under other settings is still counted off it. */
type Connections = { most: number; open: number; readonly waiters: Set<Waiter> };

/**
 * What the operator allows an uplink: messages in a time (`max_rate`) and connections at one time (`max_connections`).
 * Mail waits for them, each waiter in its turn; it never goes elsewhere for want of one. Without such limits this costs
 * nothing.
 */
export class UplinkLimits {
  readonly #clock: Clock;
  readonly #snapshot: () => EgressSnapshot;
  readonly #rates = new Map<string, Rate>();
  readonly #connections = new Map<string, Connections>();

  constructor(clock: Clock, snapshot: () => EgressSnapshot) {
    this.#clock = clock;
    this.#snapshot = snapshot;
  }

  configure(uplinks: readonly Pick<UplinkSetting, 'name' | 'maxRatePerS' | 'maxConnections'>[]): void {
    const hungry: Waiter[] = [];
    const before = new Map(this.#connections);
    for (const { timer, waiters } of this.#rates.values()) {
      timer?.cancel();
      hungry.push(...waiters);
    }
    for (const { waiters } of before.values()) {
      hungry.push(...waiters);
      waiters.clear();
    }
    this.#rates.clear();
    this.#connections.clear();
    const now = this.#clock.monotonic();
    for (const { name, maxRatePerS: perS, maxConnections: most } of uplinks) {
      if (perS !== null)
        this.#rates.set(name, {
          perS,
          tokens: burst(perS),
          at: now,
          waiters: new Set(),
          serving: null,
          timer: null,
        });
      const place = before.get(name);
      if (most === null && place === undefined) continue;
      const counted = place ?? { most: 0, open: 0, waiters: new Set() };
      counted.most = most ?? Number.POSITIVE_INFINITY;
      this.#connections.set(name, counted);
    }
    for (const waiter of hungry) waiter.pump();
  }

  close(): void {
    for (const { timer } of this.#rates.values()) timer?.cancel();
    this.#rates.clear();
    this.#connections.clear();
  }

  /** The network, with the connections of limited uplinks counted and one too many refused. */
  counted(network: Network): Network {
    return {
      connect: target => {
        const place = target.source === null ? undefined : this.#placeOf(target.source);
        if (place === undefined) return network.connect(target);
        if (place.open >= place.most)
          return Promise.resolve({
            ok: false,
            error: {
              kind: 'resources',
              message: 'All connections of this uplink (max_connections) are in use.',
            },
          });
        place.open += 1;
        const freed = (): void => this.#freed(place);
        return network.connect(target).then(result => {
          if (!result.ok) {
            freed();
            return result;
          }
          return { ok: true, value: new CountedConnection(result.value, freed) };
        });
      },
      listen: (address, port, accept) => network.listen(address, port, accept),
      datagrams: (source, family, port) => network.datagrams(source, family, port),
      addresses: () => network.addresses(),
      watchHost: changed => network.watchHost(changed),
      routeOf: source => network.routeOf(source),
      packetSizes: (source, address) => network.packetSizes(source, address),
    };
  }

  /** Connections that stand by uplinks that have few. */
  get connections(): number {
    let open = 0;
    for (const place of this.#connections.values()) open += place.open;
    return open;
  }

  get hasConnections(): boolean {
    return this.#connections.size > 0;
  }

  /** May one more connection be opened by this uplink? If not, the waiter is pumped when one was closed. */
  mayConnect(uplink: string, waiter: Waiter): boolean {
    const place = this.#connections.get(uplink);
    if (place === undefined || place.open < place.most) return true;
    place.waiters.add(waiter);
    return false;
  }

  /** May one more message go by this uplink now? It is counted; if not, the waiter is pumped when its turn comes. */
  takeTurn(uplink: string, waiter: Waiter): boolean {
    if (this.#rates.size === 0) return true;
    const rate = this.#rates.get(uplink);
    if (rate === undefined) return true;
    this.#fill(rate);
    const isNext = rate.waiters.size === 0 || rate.serving === waiter;
    if (rate.tokens >= 1 && isNext) {
      rate.tokens -= 1;
      rate.serving = null;
      return true;
    }
    rate.waiters.add(waiter);
    this.#wakeLater(rate);
    return false;
  }

  get hasRates(): boolean {
    return this.#rates.size > 0;
  }

  /** Why mail for this uplink is better kept in the store for now; null: it may wait in memory. */
  overflow(uplink: string): string | null {
    const rate = this.#rates.get(uplink);
    if (rate === undefined) return null;
    let waiting = 0;
    for (const waiter of rate.waiters) waiting += waiter.waiting;
    const most = Math.min(mostWaiting, Math.max(fewestWaiting, Math.round(rate.perS * waitingS)));
    if (waiting < most) return null;
    return `${uplink} carries no more than its max_rate (${rateText(rate.perS)}), and ${waiting} messages wait in line for it; this one waits in the queue.`;
  }

  /** What a message waits for in line at this uplink; null: nothing. */
  lineText(uplink: string): string | null {
    const rate = this.#rates.get(uplink);
    return rate === undefined ? null : `the max_rate of ${uplink} (${rateText(rate.perS)})`;
  }

  #placeOf(source: string): Connections | undefined {
    if (this.#connections.size === 0) return undefined;
    const view = this.#snapshot().egresses.find(({ egress }) => egress?.source === source);
    return view === undefined ? undefined : this.#connections.get(view.uplink);
  }

  #freed(place: Connections): void {
    place.open -= 1;
    this.#wakeNext(place);
  }

  /** One that waits gets the place; where it has no use for it any more, the next one does. */
  #wakeNext(place: Connections): void {
    const [waiter] = place.waiters;
    if (waiter === undefined || place.open >= place.most) return;
    place.waiters.delete(waiter);
    queueMicrotask(() => {
      waiter.pump();
      this.#wakeNext(place);
    });
  }

  #fill(rate: Rate): void {
    const now = this.#clock.monotonic();
    rate.tokens = Math.min(burst(rate.perS), rate.tokens + ((now - rate.at) / 1_000) * rate.perS);
    rate.at = now;
  }

  #wakeLater(rate: Rate): void {
    if (rate.timer !== null) return;
    const waitMs = Math.max(1, Math.ceil(((1 - rate.tokens) / rate.perS) * 1_000));
    rate.timer = this.#clock.timer(waitMs, () => {
      rate.timer = null;
      this.#serve(rate);
    });
  }

  /** Each that waits gets one message through, in turn, while there are any. */
  #serve(rate: Rate): void {
    this.#fill(rate);
    for (const waiter of rate.waiters) {
      if (rate.tokens < 1) break;
      // It comes to the end of the line if it has more.
      rate.waiters.delete(waiter);
      rate.serving = waiter;
      waiter.pump();
      rate.serving = null;
    }
    if (rate.waiters.size > 0) this.#wakeLater(rate);
  }
}

/** A second's worth may go at once, so that a slow tick costs nothing; one at least. */
const burst = (perS: number): number => Math.max(1, Math.min(perS, 10));

function rateText(perS: number): string {
  if (perS >= 1) return `${Math.round(perS * 100) / 100}/s`;
  return perS * 60 >= 1 ? `${Math.round(perS * 6_000) / 100}/m` : `${Math.round(perS * 360_000) / 100}/h`;
}
