import type { HostAddress } from '../../decision/egress/route.ts';
import type { GatewaySettings } from '../../decision/gateway-settings.ts';
import { onlyUplinksTo } from '../../decision/next-hop/backup.ts';
import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import { domainOf } from '../../protocol/smtp/address.ts';
import type { DeliveryGate } from '../delivery/delivery-gate.ts';
import type { EgressGuide, NextHopSource } from '../delivery/egress-guide.ts';
import type { EventStream, TraceEvent } from '../events.ts';
import { jsonOf } from '../json-of.ts';
import type { Clock, Network, QueueStore, Random, Timer } from '../ports.ts';
import { Primary } from './primary.ts';

/** How often it is asked where the primaries are. */
const refreshMs = 60_000;
/** Kept mail is looked at again after about this, should nobody have fetched it. */
const heldMs = 15 * 60_000;
const awayKey = 'primaries away';

export type PrimariesParts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: QueueStore;
  readonly events: EventStream;
  readonly guide: EgressGuide;
  readonly finder: NextHopSource;
  readonly settings: () => Pick<GatewaySettings, 'hostname' | 'domains' | 'delivery' | 'routes'>;
  /** Delivery: look for what is due. */
  readonly wake: () => void;
  /** Delivery: this host answers. */
  readonly answers: (to: HostAddress) => void;
  /** Delivery: this site is away. */
  readonly left: (site: string) => void;
};

/**
 * The primaries of all domains that we back up: who they are, whether they answer, and what is kept back for them.
 * Costs nothing where there is no such domain.
 */
export class Primaries implements DeliveryGate {
  readonly #parts: PrimariesParts;
  readonly #bySite = new Map<string, Primary>();
  readonly #byDomain = new Map<string, Primary>();
  /** Known of a life before, and not looked up yet. */
  #remembered = new Map<string, number>();
  /** Domains whose configuration leads nowhere, of which the operator was told. */
  readonly #astray = new Set<string>();
  #timer: Timer | null = null;
  #unsubscribe: (() => void) | null = null;
  #unwatch: (() => void) | null = null;
  #refreshing = false;
  #again = false;
  #stopped = false;

  constructor(parts: PrimariesParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const told = await this.#parts.store.recall(awayKey);
    if (told.ok && told.value !== null) this.#remembered = awayOf(told.value);
    this.#unsubscribe = this.#parts.events.subscribe(event => {
      if (this.#bySite.size === 0) return;
      if (event.kind === 'message') this.#heard(event.trace);
      else if (event.kind === 'connect' && event.error !== null) this.#bySite.get(event.site)?.suspect();
    });
    this.#unwatch = this.#parts.guide.onChange((view, previous) => {
      if (view.state === 'down' || (previous !== 'down' && previous !== 'drained')) return;
      for (const primary of this.#bySite.values()) primary.uplinkUp();
    });
    this.reload();
  }

  /** The settings have changed. */
  reload(): void {
    void this.#refresh();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#unsubscribe?.();
    this.#unwatch?.();
    for (const primary of this.#bySite.values()) primary.stop();
  }

  /** Does the primary of this domain not answer? */
  isAway(domain: string): boolean {
    return this.#byDomain.get(domain)?.state === 'away';
  }

  holds(site: string, { message, recipient }: LeasedRecipient): { until: number; reason: string } | null {
    const primary = this.#bySite.get(site);
    if (primary === undefined) {
      if (!this.#remembered.has(site)) return null;
    } else if (!primary.holds(message.id, domainOf(recipient.forwardPath))) return null;
    const why = primary === undefined || primary.reason === '' ? '' : ` (${primary.reason})`;
    const reason =
      primary?.state === 'returning'
        ? 'The primary is back, and older mail goes first.'
        : `The primary is away${why}; this is kept until it answers.`;
    return { until: this.#parts.clock.now() + heldMs * (0.5 + this.#parts.random.next()), reason };
  }

  /** Finds the site of each domain that we back up; a look-up that fails changes nothing. */
  async #refresh(): Promise<void> {
    if (this.#refreshing) {
      this.#again = true;
      return;
    }
    this.#refreshing = true;
    this.#timer?.cancel();
    do {
      this.#again = false;
      const domains = this.#parts
        .settings()
        .domains.filter(({ role }) => role === 'backup')
        .map(({ name }) => name);
      await Promise.all(domains.map(domain => this.#find(domain)));
      if (this.#stopped) return;
      this.#dropOthers(new Set(domains));
    } while (this.#again);
    this.#refreshing = false;
    this.#timer = this.#parts.clock.timer(refreshMs, () => void this.#refresh());
  }

  async #find(domain: string): Promise<void> {
    const hop = await this.#parts.finder.find(domain);
    if (this.#stopped) return;
    if (hop.kind !== 'hosts') {
      if (hop.kind === 'defer' && hop.ourFault === true) this.#tellAstray(domain, hop.reason);
      return;
    }
    if (this.#astray.delete(domain))
      this.#tell(domain, 'over', this.#parts.clock.now(), `The primary of ${domain} is found again.`);
    const before = this.#byDomain.get(domain);
    const known = this.#bySite.get(hop.site);
    const primary = known ?? this.#newPrimary(hop.site, hop.hosts);
    primary.hosts = hop.hosts;
    primary.domains.add(domain);
    this.#byDomain.set(domain, primary);
    if (before !== primary) before?.domains.delete(domain);
    if (known === undefined) primary.start();
  }

  #newPrimary(site: string, hosts: Primary['hosts']): Primary {
    const { network, clock, guide, store, wake, answers, left, settings } = this.#parts;
    const awaySince = this.#remembered.get(site) ?? null;
    this.#remembered.delete(site);
    const primary = new Primary(
      {
        network,
        clock,
        guide,
        hostname: () => settings().hostname,
        onlyUplinks: () => {
          const [domain] = primary.domains;
          return domain === undefined ? null : onlyUplinksTo(domain, settings().routes);
        },
        doubtWaitMs: () => settings().delivery.doubtWaitMs,
        store,
        wake,
        answers,
        left: () => left(site),
        changed: () => this.#remember(),
        tell: (state, since, reason) => this.#tell(site, state, since, reason),
      },
      site,
      hosts,
      awaySince,
    );
    this.#bySite.set(site, primary);
    return primary;
  }

  #dropOthers(domains: ReadonlySet<string>): void {
    for (const [domain, primary] of this.#byDomain) {
      if (domains.has(domain)) continue;
      this.#byDomain.delete(domain);
      primary.domains.delete(domain);
      this.#astray.delete(domain);
    }
    for (const [site, primary] of this.#bySite) {
      if (primary.domains.size > 0) continue;
      primary.stop();
      this.#bySite.delete(site);
      this.#remember();
    }
    if (domains.size === this.#byDomain.size) this.#remembered.clear();
  }

  #heard({ event, recipient, id, reply, elapsedMs }: TraceEvent): void {
    if (event === 'accepted' || event === 'attempt') return;
    const primary = recipient === null ? undefined : this.#byDomain.get(domainOf(recipient));
    if (primary === undefined) return;
    if (event === 'delivered') return primary.delivered(id, elapsedMs ?? 0);
    if (event === 'hedged') return primary.suspect();
    // What was kept back without an attempt took no time.
    if (elapsedMs === null) return;
    primary.failed(id);
    if (reply === null || reply.startsWith('421')) primary.suspect();
  }

  #remember(): void {
    const away: Record<string, number> = Object.fromEntries(this.#remembered);
    for (const { site, awaySince } of this.#bySite.values()) if (awaySince !== null) away[site] = awaySince;
    const text = Object.keys(away).length === 0 ? null : JSON.stringify(away);
    void this.#parts.store.remember(awayKey, text);
  }

  #tellAstray(domain: string, reason: string): void {
    if (this.#astray.has(domain)) return;
    this.#astray.add(domain);
    this.#tell(domain, 'trouble', this.#parts.clock.now(), `${reason}.`);
  }

  #tell(subject: string, state: 'trouble' | 'over', since: number, reason: string): void {
    this.#parts.events.emit({
      kind: 'condition',
      at: this.#parts.clock.now(),
      condition: {
        kind: 'primary',
        subject,
        uplink: null,
        state,
        previous: state === 'over' ? 'trouble' : 'over',
        since,
        reason,
      },
    });
  }
}

function awayOf(text: string): Map<string, number> {
  const entries = Object.entries(jsonOf(text) ?? {});
  return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}
