import { UplinkConditions } from '../../decision/egress/uplink-conditions.ts';
import type { EventStream } from '../events.ts';
import type { UplinkReport } from '../gateway-control.ts';
import type { Clock } from '../ports.ts';

/** Publishes what an operator is told of the uplinks as wholes. */
export class UplinkNews {
  readonly #clock: Clock;
  readonly #events: EventStream;
  readonly #reports: () => readonly UplinkReport[];
  readonly #conditions: UplinkConditions;

  /** `advice` as `UplinkConditions` takes it. */
  constructor(
    clock: Clock,
    events: EventStream,
    reports: () => readonly UplinkReport[],
    advice?: (uplink: string) => string,
  ) {
    this.#clock = clock;
    this.#events = events;
    this.#reports = reports;
    this.#conditions = new UplinkConditions(advice);
  }

  /** An egress changed, or the configuration. */
  look(): void {
    const at = this.#clock.now();
    for (const condition of this.#conditions.hear(this.#reports(), at))
      this.#events.emit({ kind: 'condition', at, condition });
  }
}
