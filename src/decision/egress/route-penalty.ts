import { BoundedMap } from '../bounded-map.ts';
import { type HostAddress, hostKey } from './route.ts';

/** Why a route is penalised: the network fails on it, or the receiver refuses our identity there. */
export type PenaltyCause = 'network' | 'refusal';

type Penalty = {
  readonly cause: PenaltyCause;
  readonly reason: string;
  readonly until: number;
  readonly forMs: number;
};

const firstMs = 5 * 60_000;
const longestMs = 4 * 60 * 60_000;
/** A route that stayed clean so long after its penalty starts anew. */
const forgottenAfterMs = 60 * 60_000;
const mostHosts = 2_000;

const none: ReadonlyMap<string, string> = new Map();

/**
 * Which routes (egress × host address) come last for a while. The first penalty lasts 5 min, each further one twice as
 * long, at most 4 h. Bounded: the host that was longest without a new penalty is forgotten. Times are monotonic ms.
 */
export class RoutePenalties {
  readonly #hosts = new BoundedMap<string, Map<string, Penalty>>(mostHosts);

  /** Gives how long the penalty lasts; 0 where one of the same cause lasts already. */
  add(egressId: string, to: HostAddress, cause: PenaltyCause, reason: string, now: number): number {
    const key = hostKey(to);
    const host = this.#hosts.get(key) ?? new Map<string, Penalty>();
    const last = host.get(egressId);
    if (last !== undefined && last.until > now && last.cause === cause) return 0;
    const again = last !== undefined && now - last.until < forgottenAfterMs;
    const forMs = again ? Math.min(longestMs, last.forMs * 2) : firstMs;
    host.set(egressId, { cause, reason, until: now + forMs, forMs });
    this.#hosts.set(key, host);
    return forMs;
  }

  /** The host answered on this route: what the network did is over; a refusal is not. */
  answered(egressId: string, to: HostAddress): void {
    if (this.#hosts.size === 0) return;
    const host = this.#hosts.get(hostKey(to));
    if (host?.get(egressId)?.cause === 'network') host.delete(egressId);
  }

  /** Penalised egresses of this host, each with its reason. */
  of(to: HostAddress, now: number): ReadonlyMap<string, string> {
    const host = this.#hosts.size === 0 ? undefined : this.#hosts.get(hostKey(to));
    if (host === undefined) return none;
    const lasting = [...host].filter(([, penalty]) => penalty.until > now);
    if (lasting.length === 0) return none;
    return new Map(lasting.map(([egressId, penalty]) => [egressId, penalty.reason]));
  }
}
