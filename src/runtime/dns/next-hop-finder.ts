import type { DomainSetting } from '../../decision/admission/domain.ts';
import { BoundedMap } from '../../decision/bounded-map.ts';
import { decideBackupByList, decideBackupByMx } from '../../decision/next-hop/backup.ts';
import { decideLiteral, decideNextHop, type OurSide, refuseBadName } from '../../decision/next-hop/decide.ts';
import { decideDeliverTo } from '../../decision/next-hop/deliver-to.ts';
import type { MxFacts } from '../../decision/next-hop/mx-facts.ts';
import type { NextHop } from '../../decision/next-hop/next-hop.ts';
import { hostName } from '../../protocol/dns/names.ts';
import type { Clock, Random } from '../ports.ts';
import { gatherMxFacts } from './gather-mx-facts.ts';
import type { Resolver } from './resolver.ts';

/** Asked for at each look-up: cheap to make. */
export type FinderSettings = OurSide & { readonly domains: readonly DomainSetting[] };

/** Domains whose facts are at hand. */
const keptDomains = 20_000;

/** However long DNS says, a change is seen after that. */
const keptMs = 600_000;

/** What holds for our own domains while the settings and our addresses stay: fixed hops, and backups found by MX. */
type Own = {
  readonly of: FinderSettings;
  readonly hops: ReadonlyMap<string, NextHop>;
  readonly backups: ReadonlySet<string>;
};

type Plan = { readonly facts: MxFacts; readonly families: string; readonly freshUntil: number };

/**
 * Where a domain's mail goes: `deliver_to` for our own, else by MX; where we are its backup, to better hosts only. What was found lately is kept, so that the next
 * message for the domain is decided without waiting; hosts of equal preference are shuffled anew for each.
 */
export class NextHopFinder {
  readonly #resolver: Pick<Resolver, 'resolve'>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #settings: () => FinderSettings;
  readonly #plans = new BoundedMap<string, Plan>(keptDomains);
  readonly #gathering = new Map<string, Promise<NextHop>>();
  #own: Own | null = null;

  constructor(ports: {
    resolver: Pick<Resolver, 'resolve'>;
    clock: Clock;
    random: Random;
    settings: () => FinderSettings;
  }) {
    this.#resolver = ports.resolver;
    this.#clock = ports.clock;
    this.#random = () => ports.random.next();
    this.#settings = ports.settings;
  }

  /** The next hop of a lower-case domain (or address literal), if it can be told without asking. */
  peek(domain: string): NextHop | null {
    const settings = this.#settings();
    const own = this.#ofOurs(settings).hops.get(domain);
    if (own !== undefined) return own;
    if (domain.startsWith('[') && domain.endsWith(']')) return decideLiteral(domain.slice(1, -1), settings);
    const plan = this.#plans.get(domain);
    if (plan === undefined) return hostName(domain) === null ? refuseBadName(domain) : null;
    if (plan.freshUntil <= this.#clock.monotonic() || plan.families !== settings.families.join()) {
      this.#plans.delete(domain);
      return null;
    }
    return this.#decide(plan.facts, domain, settings);
  }

  /** The next hop of a lower-case domain (or address literal). Never fails: what DNS cannot say is `defer`. */
  find(domain: string): Promise<NextHop> {
    const known = this.peek(domain);
    if (known !== null) return Promise.resolve(known);
    const under = this.#gathering.get(domain);
    if (under !== undefined) return under;
    const gathering = this.#gather(domain).finally(() => this.#gathering.delete(domain));
    this.#gathering.set(domain, gathering);
    return gathering;
  }

  async #gather(domain: string): Promise<NextHop> {
    const { families } = this.#settings();
    const name = hostName(domain);
    if (name === null) return refuseBadName(domain);
    const { facts, ttlMs } = await gatherMxFacts(this.#resolver, this.#clock, name, families);
    const hop = this.#decide(facts, domain, this.#settings());
    if (hop.kind !== 'defer') {
      const freshUntil = this.#clock.monotonic() + Math.min(ttlMs, keptMs);
      this.#plans.set(domain, { facts, families: families.join(), freshUntil });
    }
    return hop;
  }

  #decide(facts: MxFacts, domain: string, settings: FinderSettings): NextHop {
    const isBackup = this.#ofOurs(settings).backups.has(domain);
    return isBackup
      ? decideBackupByMx(facts, settings, this.#random)
      : decideNextHop(facts, settings, this.#random);
  }

  #ofOurs(settings: FinderSettings): Own {
    if (this.#own?.of === settings) return this.#own;
    const hops = new Map<string, NextHop>();
    const backups = new Set<string>();
    for (const domain of settings.domains) {
      if (domain.role === 'primary') hops.set(domain.name, decideDeliverTo(domain));
      else if (domain.deliverTo.length > 0) hops.set(domain.name, decideBackupByList(domain, settings));
      else backups.add(domain.name);
    }
    this.#own = { of: settings, hops, backups };
    return this.#own;
  }
}
