import { type Egress, localEgress } from '../../decision/egress/egress.ts';
import type { HostAddress } from '../../decision/egress/route.ts';
import type { NextHopHost } from '../../decision/next-hop/next-hop.ts';
import { replyText } from '../../protocol/smtp/reply.ts';
import type { EgressGuide } from '../delivery/egress-guide.ts';
import { choiceForCall, familyOf } from '../delivery/route-choice.ts';
import { Probe } from '../egress/probe.ts';
import type { Clock, Network } from '../ports.ts';

/** Addresses of one primary that are called at a time. */
const mostAddresses = 8;
/** For connect and greeting. */
const knockMs = 4_000;

export type KnockPorts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly guide: Pick<EgressGuide, 'snapshot' | 'penalties' | 'observe'>;
  /** The only uplinks that the operator's route lets it use; null: all. */
  readonly onlyUplinks: () => readonly string[] | null;
  /** The name that we give where no uplink is crossed. */
  readonly hostname: () => string;
};

/**
 * `no_way`: there is no address to call from. `doubtful`: only egresses that are thought to be down could be tried, so
 * it may be them and not the primary.
 */
export type KnockResult =
  | { readonly kind: 'answers'; readonly to: HostAddress }
  | { readonly kind: 'away'; readonly reason: string; readonly doubtful: boolean }
  | { readonly kind: 'no_way' };

/** An address of the primary, and the egress by which it is called. */
type CallTarget = { readonly to: HostAddress; readonly egress: Egress; readonly doubtful: boolean };

/**
 * Calls all addresses of a primary at once, each by the egress that comes first there, or in round n by the n-th, and
 * waits for a positive greeting of any. Takes 4 s at most, and nothing of a message is said. An egress that is down is
 * called from where there is no other: the primary may be the only host by which it was judged, and its answer is a sign
 * of life.
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
    const targets = targetsOf(ports, site, hosts, round);
    this.#waiting = targets.length;
    if (targets.length === 0) {
      this.#over = true;
      done({ kind: 'no_way' });
      return;
    }
    const doubtful = targets.every(target => target.doubtful);
    for (const target of targets) this.#probes.push(this.#probe(ports, site, target, doubtful));
  }

  cancel(): void {
    this.#over = true;
    for (const probe of this.#probes) probe.cancel();
  }

  #probe(ports: KnockPorts, site: string, { to, egress }: CallTarget, doubtful: boolean): Probe {
    const { clock, guide } = ports;
    const source = egress.kind === 'uplink' ? egress.source : null;
    let reason = `${to.address} does not answer`;
    return new Probe(
      ports,
      { source, ehlo: egress.ehlo },
      to,
      { depth: 'greet', timeoutMs: knockMs },
      {
        connected() {
          reason = `${to.address} lets us connect and does not greet`;
        },
        greeted: said => {
          if (egress.kind === 'uplink')
            guide.observe(egress.id, { kind: 'answered', at: clock.monotonic(), site, to, probe: true });
          if (said.code < 300) this.#end({ kind: 'answers', to });
          else reason = `${to.address} greets with ${replyText(said)}`;
        },
        failed(error) {
          reason = `${to.address}: ${error.message}`;
        },
        over: () => {
          this.#reasons.push(reason);
          this.#waiting -= 1;
          if (this.#waiting === 0) this.#end({ kind: 'away', reason: this.#reasons.join('; '), doubtful });
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

function targetsOf(
  ports: KnockPorts,
  site: string,
  hosts: readonly NextHopHost[],
  round: number,
): CallTarget[] {
  const targets: CallTarget[] = [];
  for (const { local, addresses } of hosts)
    for (const to of addresses) {
      const target: CallTarget | null = local
        ? { to, egress: localEgress(ports.hostname()), doubtful: false }
        : targetByUplink(ports, site, to, round);
      if (target !== null) targets.push(target);
    }
  return targets.slice(0, mostAddresses);
}

function targetByUplink(
  { guide, onlyUplinks }: KnockPorts,
  site: string,
  to: HostAddress,
  round: number,
): CallTarget | null {
  const only = onlyUplinks();
  const choice = choiceForCall(to, site, only, guide);
  if (choice.kind === 'candidates') {
    const { candidates } = choice;
    const { egress } = candidates[round % candidates.length] ?? candidates[0];
    return { to, egress, doubtful: false };
  }
  const family = familyOf(to);
  const { egresses } = guide.snapshot();
  const down = egresses.flatMap(({ state, egress, uplink }) =>
    state === 'down' && egress?.family === family && (only?.includes(uplink) ?? true) ? [egress] : [],
  );
  const egress = down[round % Math.max(1, down.length)];
  return egress === undefined ? null : { to, egress, doubtful: true };
}
