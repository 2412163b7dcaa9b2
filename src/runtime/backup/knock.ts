import { isIPv6 } from 'node:net';
import { chooseEgresses } from '../../decision/egress/choose.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { NextHopHost } from '../../decision/next-hop/next-hop.ts';
import { replyText } from '../../protocol/smtp/reply.ts';
import type { EgressGuide } from '../delivery/egress-guide.ts';
import { Probe } from '../egress/probe.ts';
import type { Clock, Network } from '../ports.ts';

/** Addresses of one primary that are called at a time. */
const mostAddresses = 8;
/** For connect and greeting. */
const knockMs = 4_000;

export type KnockPorts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly guide: Pick<EgressGuide, 'snapshot' | 'penalties'>;
  /** The name that we give where no uplink is crossed. */
  readonly hostname: () => string;
};

/** `no_way`: no egress can be used, which says nothing of the primary. */
export type KnockResult =
  | { readonly kind: 'answers'; readonly to: HostAddress }
  | { readonly kind: 'away'; readonly reason: string }
  | { readonly kind: 'no_way' };

type Door = { readonly to: HostAddress; readonly source: string | null; readonly ehlo: string };

/**
 * Calls all addresses of a primary at once, each by the egress that comes first there, or in round n by the n-th, and
 * waits for a positive greeting of any. Takes 4 s at most, and nothing of a message is said.
 */
export class Knock {
  readonly #probes: Probe[] = [];
  readonly #done: (result: KnockResult) => void;
  readonly #reasons: string[] = [];
  #waiting = 0;
  #over = false;

  constructor(
    ports: KnockPorts,
    site: string,
    hosts: readonly NextHopHost[],
    round: number,
    done: (result: KnockResult) => void,
  ) {
    this.#done = done;
    const doors = doorsTo(ports, site, hosts, round);
    this.#waiting = doors.length;
    if (doors.length === 0) {
      this.#over = true;
      done({ kind: 'no_way' });
      return;
    }
    for (const door of doors) this.#probes.push(this.#probe(ports, door));
  }

  cancel(): void {
    this.#over = true;
    for (const probe of this.#probes) probe.cancel();
  }

  #probe(ports: KnockPorts, { to, source, ehlo }: Door): Probe {
    let reason = `${to.address} does not answer`;
    return new Probe(
      ports,
      { source, ehlo },
      to,
      { depth: 'greet', timeoutMs: knockMs },
      {
        connected() {
          reason = `${to.address} lets us connect and does not greet`;
        },
        greeted: said => {
          if (said.code < 300) this.#end({ kind: 'answers', to });
          else reason = `${to.address} greets with ${replyText(said)}`;
        },
        failed(error) {
          reason = `${to.address}: ${error.message}`;
        },
        over: () => {
          this.#reasons.push(reason);
          this.#waiting -= 1;
          if (this.#waiting === 0) this.#end({ kind: 'away', reason: this.#reasons.join('; ') });
        },
      },
    );
  }

  #end(result: KnockResult): void {
    if (this.#over) return;
    this.#over = true;
    this.#done(result);
  }
}

function doorsTo(ports: KnockPorts, site: string, hosts: readonly NextHopHost[], round: number): Door[] {
  const doors: Door[] = [];
  for (const { local, addresses } of hosts)
    for (const to of addresses) {
      if (doors.length === mostAddresses) return doors;
      if (local) doors.push({ to, source: null, ehlo: ports.hostname() });
      else {
        const choice = chooseEgresses({
          snapshot: ports.guide.snapshot(),
          site,
          family: isIPv6(to.address) ? 6 : 4,
          lastEgress: null,
          penalised: ports.guide.penalties(to),
        });
        if (choice.kind === 'none') continue;
        const { candidates } = choice;
        const { egress } = candidates[round % candidates.length] ?? candidates[0];
        if (egress.kind === 'uplink') doors.push({ to, source: egress.source, ehlo: egress.ehlo });
      }
    }
  return doors;
}
