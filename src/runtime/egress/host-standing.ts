import {
  type HostAdvice,
  hostAdvice,
  isLoopback,
  presentAddress,
} from '../../decision/egress/host-advice.ts';
import type { HostCondition } from '../../decision/egress/observation.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Network } from '../ports.ts';
import type { EgressEntry } from './egress-entry.ts';

type Parts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly events: EventStream;
  /** The egress's address changed: null where it has none now. */
  readonly bind: (entry: EgressEntry, source: string | null) => void;
  readonly condition: (entry: EgressEntry, condition: HostCondition) => void;
};

/**
 * Keeps each egress in step with the host: its address, its link, its policy route. An absent address counts at once;
 * what the routing says is asked and follows within milliseconds. Each change is told once, with the lines that mend it.
 */
export class HostStanding {
  readonly #parts: Parts;
  #looks = 0;
  /** The addresses of this host when it was last looked at. */
  #own: ReadonlySet<string> = new Set();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Looks at the host; resolves when all is known. A later look overrules an earlier one. */
  async look(entries: readonly EgressEntry[]): Promise<void> {
    this.#looks += 1;
    const look = this.#looks;
    const addresses = this.#parts.network.addresses();
    this.#own = new Set(addresses.map(({ address }) => address));
    const only = new Set(entries.map(entry => entry.uplink.name)).size === 1;
    await Promise.all(
      entries.map(async entry => {
        const present = presentAddress(entry.setting, addresses);
        this.#parts.bind(entry, present?.address ?? null);
        if (present === null) this.#parts.condition(entry, absentCondition(entry));
        const source = present?.address ?? entry.setting.address;
        const route = source === null ? null : await this.#parts.network.routeOf(source);
        if (look !== this.#looks) return;
        const advice = hostAdvice(entry.setting, present, route);
        this.#parts.condition(entry, advice.condition);
        this.#tell(entry, only && advice.condition === 'sound' ? null : advice);
      }),
    );
  }

  /**
   * No packet to this address crosses the uplink. Stand-ins for uplinks on loopback addresses reach loopback addresses;
   * nothing else does by an uplink.
   */
  staysInside(entry: EgressEntry, address: string): boolean {
    if (entry.egress === null || isLoopback(entry.egress.source)) return false;
    return this.#own.has(address) || isLoopback(address);
  }

  #tell(entry: EgressEntry, advice: HostAdvice | null): void {
    const message = advice === null ? '' : advice.message;
    if (message === entry.advice) return;
    entry.advice = message;
    const { events, clock } = this.#parts;
    const subject = `host ${entry.id}`;
    if (advice === null || message === '')
      events.emit({
        kind: 'notice',
        at: clock.now(),
        subject,
        message: `Address and routes of ${entry.id} are as they should be again.`,
      });
    else
      events.emit({
        kind: 'warning',
        at: clock.now(),
        subject,
        message:
          advice.commands.length === 0 ? message : `${message} As root: ${advice.commands.join(' && ')}`,
      });
  }
}

/** Until the host has told more: a link that is known to be down stays that. */
function absentCondition(entry: EgressEntry): HostCondition {
  return entry.health.condition === 'link down' ? 'link down' : 'address absent';
}
