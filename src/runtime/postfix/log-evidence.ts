import { isIP } from 'node:net';
import type { LogSign } from '../../decision/postfix/log-line.ts';
import type { WantedTransport } from '../../decision/postfix/transports.ts';
import type { EgressMonitor } from '../egress/monitor.ts';
import type { Clock } from '../ports.ts';

/** A flooded log gives the monitor no more than this, a second. */
const mostASecond = 200;
/** As in our transports' smtp_connect_timeout. */
const connectTimeoutMs = 4_000;

/** Turns what Postfix's deliveries saw into what the monitor hears of our own. */
export class LogEvidence {
  readonly #monitor: EgressMonitor;
  readonly #clock: Clock;
  readonly #egresses = new Map<string, string>();
  #second = 0;
  #heard = 0;

  constructor(monitor: EgressMonitor, clock: Clock, transports: readonly WantedTransport[]) {
    this.#monitor = monitor;
    this.#clock = clock;
    for (const { name, egresses } of transports)
      for (const { id, family } of egresses) this.#egresses.set(`${name} ${family}`, id);
  }

  hear(sign: Extract<LogSign, { kind: 'answered' | 'failed' | 'silent' }>): void {
    const { transport, to } = sign;
    const egressId = this.#egresses.get(`${transport} ${isIP(to.address)}`);
    if (egressId === undefined || !this.#mayHear()) return;
    const at = this.#clock.monotonic();
    const site = to.host;
    if (sign.kind === 'answered') {
      const { connectMs } = sign;
      if (connectMs !== null) this.#monitor.observe(egressId, { kind: 'connected', at, site, to, connectMs });
      this.#monitor.observe(egressId, { kind: 'answered', at, site, to, probe: false });
      return;
    }
    if (sign.kind === 'silent') {
      this.#monitor.observe(egressId, { kind: 'silent', at, site, to });
      return;
    }
    const { error } = sign;
    this.#monitor.observe(egressId, {
      kind: 'failed',
      at,
      site,
      to,
      error: { kind: error, message: 'as Postfix logged it' },
      waitedMs: error === 'timeout' ? connectTimeoutMs : 0,
      overtaken: false,
      reachedBy: null,
      probe: false,
    });
    // It is compared with another uplink at once, for Postfix itself has tried only this one.
    void this.#monitor.suspect(egressId, site, to);
  }

  #mayHear(): boolean {
    const second = Math.floor(this.#clock.monotonic() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#heard = 0;
    }
    this.#heard += 1;
    return this.#heard <= mostASecond;
  }
}
