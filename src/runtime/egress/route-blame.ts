import { type HostAddress, hostKey, type Route } from '../../decision/egress/route.ts';
import { RoutePenalties } from '../../decision/egress/route-penalty.ts';
import type { EventStream } from '../events.ts';
import type { Clock } from '../ports.ts';
import type { EgressEntry } from './egress-entry.ts';

/** A failure of a route counts as the route's where the egress lived meanwhile and so many failed. */
const failuresOfRoute = 2;

/** Which routes come last for a while, because their receiver refuses us on them or cannot be reached by them alone. */
export class RouteBlame {
  readonly #clock: Clock;
  readonly #events: EventStream;
  readonly #penalties = new RoutePenalties();
  readonly #refusalListeners = new Set<(egressId: string, reason: string) => void>();

  constructor(clock: Clock, events: EventStream) {
    this.#clock = clock;
    this.#events = events;
  }

  /** The receiver refuses our identity on this route. Who saw the refusal tells of it. */
  refused({ egress, to }: Route, reason: string): void {
    if (egress.kind !== 'uplink') return;
    this.#penalties.add(egress.id, to, 'refusal', reason, this.#clock.monotonic());
    for (const listener of this.#refusalListeners) listener(egress.id, reason);
  }

  /** Tells of every refusal; gives the way to stop listening. */
  onRefusal(listener: (egressId: string, reason: string) => void): () => void {
    const own = (egressId: string, reason: string): void => listener(egressId, reason);
    this.#refusalListeners.add(own);
    return () => {
      this.#refusalListeners.delete(own);
    };
  }

  /** The host answered on this route: what the network did is over. */
  answered(egressId: string, to: HostAddress): void {
    this.#penalties.answered(egressId, to);
  }

  /** Egress IDs that should come last to this host, each with its reason. */
  of(to: HostAddress): ReadonlyMap<string, string> {
    return this.#penalties.of(to, this.#clock.monotonic());
  }

  /**
   * The egress lives, so what failed through it while another one reached the host is the fault of that route.
   * `answering`: the host that shows the life; its own failures are over.
   */
  egressLived(entry: EgressEntry, answering: HostAddress | null): void {
    const { failures } = entry.health;
    if (failures.length < failuresOfRoute || entry.health.state === 'down') return;
    const byHost = Map.groupBy(
      failures.filter(failure => failure.hard && failure.reachedBy !== null),
      failure => hostKey(failure.to),
    );
    for (const [key, own] of byHost) {
      const last = own.at(-1);
      if (last === undefined || own.length < failuresOfRoute || last.reachedBy === null) continue;
      if (answering !== null && key === hostKey(answering)) continue;
      const reason = `${last.to.host} [${last.to.address}] cannot be reached through it (${last.error}), but through ${last.reachedBy}: that receiver may block this address`;
      this.#unreachable(entry.id, last.to, reason);
    }
  }

  #unreachable(egressId: string, to: HostAddress, reason: string): void {
    const forMs = this.#penalties.add(egressId, to, 'network', reason, this.#clock.monotonic());
    if (forMs === 0) return;
    this.#events.emit({
      kind: 'warning',
      at: this.#clock.now(),
      subject: `route ${egressId} to ${to.address}`,
      message: `The route from ${egressId} to ${to.host} [${to.address}] comes last for ${Math.round(forMs / 60_000)} min: ${reason}.`,
    });
  }
}
