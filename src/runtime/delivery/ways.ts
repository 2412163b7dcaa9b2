import type { Choice } from '../../decision/egress/choice.ts';
import type { UplinkSetting } from '../../decision/egress/egress.ts';
import { isLoopback } from '../../decision/egress/host-advice.ts';
import { routeFor } from '../../decision/next-hop/route-match.ts';
import type { RouteSetting, SmartHost } from '../../decision/next-hop/route-setting.ts';
import type { LeasedRecipient } from '../../decision/queue/queued.ts';
import { domainOf } from '../../protocol/smtp/address.ts';
import { type Group, grouped } from './group.ts';
import { type Lane, laneOf, plainLane } from './lane.ts';
import type { DeliveryPorts } from './opening.ts';
import { choiceFor, type HostList, type Target } from './route-choice.ts';
import type { Shares } from './shares.ts';
import type { SmartHosts } from './smart-hosts.ts';

/** What the ways of mail depend on, beside the state of the uplinks. */
export type WaySettings = {
  readonly uplinks: readonly UplinkSetting[];
  readonly routes: readonly RouteSetting[];
  /** The domains that we take mail for, lower case. */
  readonly ownDomains: ReadonlySet<string>;
};

/** Straight to the hosts of the receiver, or to a smart host. */
export type Way = { readonly kind: 'straight'; readonly lane: Lane } | ToSmartHost;
export type ToSmartHost = {
  readonly kind: 'smart_host';
  readonly smartHost: SmartHost;
  readonly lane: Lane;
};

/** Recipients of one message under one route. */
export type Routed = { readonly group: Group; readonly route: RouteSetting | null };

const mostLanes = 1_000;

/**
 * Which way a message takes: the operator's route for it, a smart host of that route or of the uplink that comes first,
 * the uplink whose share it is; and in which lane it goes there. Without any of these it costs nothing.
 */
export class Ways {
  readonly #ports: Pick<DeliveryPorts, 'guide' | 'local' | 'clock' | 'hosts'>;
  readonly #smartHosts: SmartHosts;
  readonly #shares: Shares;
  #settings: WaySettings = { uplinks: [], routes: [], ownDomains: new Set() };
  #smartHostOf: ReadonlyMap<string, SmartHost> = new Map();
  /** So that one lane is one object. */
  readonly #lanes = new Map<string, Lane>();

  constructor(
    ports: Pick<DeliveryPorts, 'guide' | 'local' | 'clock' | 'hosts'>,
    smartHosts: SmartHosts,
    shares: Shares,
  ) {
    this.#ports = ports;
    this.#smartHosts = smartHosts;
    this.#shares = shares;
  }

  configure(settings: WaySettings): void {
    this.#settings = settings;
    this.#lanes.clear();
    this.#smartHostOf = new Map(
      settings.uplinks.flatMap(({ name, smartHost }) => (smartHost === null ? [] : [[name, smartHost]])),
    );
    const ofRoutes = settings.routes.flatMap(({ smartHost }) => smartHost ?? []);
    this.#smartHosts.configure([...this.#smartHostOf.values(), ...ofRoutes]);
    this.#shares.configure(settings.uplinks);
  }

  /** Every message goes straight by the usual choice. */
  get isPlain(): boolean {
    return this.#settings.routes.length === 0 && this.#smartHostOf.size === 0 && this.#shares.isNone;
  }

  /** Mail that waits may have to go elsewhere when an uplink changes. */
  get hasSmartHosts(): boolean {
    return this.#smartHostOf.size > 0;
  }

  /** Parts of a group under one route each. */
  routed(group: Group): readonly Routed[] {
    const { routes } = this.#settings;
    if (routes.length === 0) return [{ group, route: null }];
    if (group.length === 1) return [{ group, route: this.#routeOf(group[0]) }];
    const parts = grouped(group, each => {
      const route = this.#routeOf(each);
      return route === null ? '' : String(routes.indexOf(route));
    });
    return parts.map(part => ({ group: part, route: this.#routeOf(part[0]) }));
  }

  /** The lane of a recipient on its way to the smart host of its route, by any of the route's uplinks. */
  laneToRoute({ uplinks }: RouteSetting, leased: LeasedRecipient): Lane {
    return laneOf(leased, this.#laneWith({ onlyUplinks: uplinks, smartHosts: 'past' }));
  }

  /** The lane of a recipient on its way to the hosts of its domain. */
  laneOf(leased: LeasedRecipient): Lane {
    return laneOf(leased, this.#baseOf(leased));
  }

  /**
   * The way from a lane of `laneOf` to a site of the world: straight, or through the smart host of the uplink that comes
   * first. One whose smart host is of no use now is passed over, if there is another.
   */
  choose(lane: Lane, site: string, hosts: HostList): Way {
    const straight: Way = { kind: 'straight', lane };
    if (hosts.targets.every(({ local }) => local)) return straight;
    const favoured = this.#favoured(lane, site, hosts);
    const asked = favoured ?? lane;
    if (this.#smartHostOf.size === 0 || lane.smartHosts !== 'through')
      return { kind: 'straight', lane: asked };
    return this.#through(asked, this.#firstChoice(asked, site, hosts), excluded => {
      const choice = this.#firstChoice(excluded, site, hosts);
      return choice?.kind === 'candidates' ? choice : null;
    });
  }

  /** Where DNS says nothing: a smart host needs nothing of it. Null: nobody but DNS can tell the way. */
  chooseBlind(leased: LeasedRecipient): ToSmartHost | null {
    const lane = this.laneOf(leased);
    if (this.#smartHostOf.size === 0 || lane.smartHosts !== 'through') return null;
    const site = domainOf(leased.recipient.forwardPath);
    const ask = (asked: Lane): Choice => choiceFor([], blindTarget(site), asked, site, this.#ports);
    const way = this.#through(lane, ask(lane), excluded => ask(excluded));
    return way.kind === 'smart_host' ? way : null;
  }

  /** The smart hosts of routes in a private network are reached like a mail store of our own, by no uplink. */
  isNear(lane: Lane): boolean {
    if (lane.onlyUplinks !== null) return false;
    return !this.#ports.guide.snapshot().egresses.some(({ egress }) => egress && isLoopback(egress.source));
  }

  /** Its way is through the smart host of an uplink now. */
  isThroughSmartHost(lane: Lane, site: string, hosts: HostList): boolean {
    if (this.#smartHostOf.size === 0 || lane.smartHosts !== 'through') return false;
    const choice = this.#firstChoice(lane, site, hosts);
    return choice?.kind === 'candidates' && choice.candidates[0].throughSmartHost === true;
  }

  /** There is a way now, straight or through a smart host. */
  isOpen(lane: Lane, site: string, hosts: HostList): boolean {
    return this.#firstChoice(lane, site, hosts)?.kind === 'candidates';
  }

  /** The uplink that comes first; null: none, or it crosses none. */
  firstUplink(lane: Lane, site: string, hosts: HostList): string | null {
    const choice = this.#firstChoice(lane, site, hosts);
    if (choice?.kind !== 'candidates') return null;
    const { egress } = choice.candidates[0];
    return egress.kind === 'uplink' ? egress.uplink : null;
  }

  #through(lane: Lane, choice: Choice | null, without: (excluded: Lane) => Choice | null): Way {
    const first = choice?.kind === 'candidates' ? choice.candidates[0] : undefined;
    if (first?.throughSmartHost !== true || first.egress.kind === 'local') return { kind: 'straight', lane };
    const { uplink } = first.egress;
    const smartHost = this.#smartHostOf.get(uplink);
    // The snapshot is of other settings than ours for a moment.
    if (smartHost === undefined) return { kind: 'straight', lane };
    const trouble = this.#smartHosts.troubleOf(smartHost);
    if (trouble !== null) {
      const others = (lane.onlyUplinks ?? this.#settings.uplinks.map(({ name }) => name)).filter(
        name => name !== uplink,
      );
      const reason = `stand-in for ${uplink}, whose smart host is of no use now: ${trouble}`;
      const standIn = lane.preferredOnly ? null : { reason, standIn: true };
      const excluded = this.#laneWith({ onlyUplinks: others, way: standIn });
      const other = others.length > 0 && standIn !== null ? without(excluded) : null;
      if (other?.kind === 'candidates') return this.#through(excluded, other, without);
    }
    const way = { reason: first.reason, standIn: first.standIn };
    return {
      kind: 'smart_host',
      smartHost,
      lane: this.#laneWith({ onlyUplinks: [uplink], smartHosts: 'past', way, favoured: lane.favoured }),
    };
  }

  #routeOf({ message, recipient }: LeasedRecipient): RouteSetting | null {
    const { routes, ownDomains } = this.#settings;
    return routeFor(routes, message.reversePath, recipient.forwardPath, domain => ownDomains.has(domain));
  }

  #baseOf(leased: LeasedRecipient): Lane {
    const { routes, ownDomains } = this.#settings;
    const onlyUplinks = routes.length === 0 ? null : (this.#routeOf(leased)?.uplinks ?? null);
    const isOurs = this.#smartHostOf.size > 0 && ownDomains.has(domainOf(leased.recipient.forwardPath));
    if (onlyUplinks === null && !isOurs) return plainLane;
    return this.#laneWith({ onlyUplinks, smartHosts: isOurs ? 'avoid' : 'through' });
  }

  /** The lane by the uplink whose share this message is, if that can carry it; null: as always. */
  #favoured(lane: Lane, site: string, hosts: HostList): Lane | null {
    if (this.#shares.isNone) return null;
    const favoured = this.#shares.next(site);
    if (favoured === null || lane.lastEgress !== null || lane.preferredOnly) return null;
    if (lane.onlyUplinks !== null && !lane.onlyUplinks.includes(favoured.uplink)) return null;
    const { onlyUplinks, smartHosts } = lane;
    const asked = this.#laneWith({ onlyUplinks, smartHosts, favoured });
    const choice = this.#firstChoice(asked, site, hosts);
    const isTaken = choice?.kind === 'candidates' && choice.candidates[0].favoured === true;
    return isTaken ? asked : null;
  }

  /** What is chosen for the first address that an egress can be found for. */
  #firstChoice(lane: Lane, site: string, { targets }: HostList): Choice | null {
    const now = this.#ports.clock.monotonic();
    let none: Choice | null = null;
    for (const target of targets) {
      if (this.#ports.hosts.isDead(target.to, now)) continue;
      const choice = choiceFor(targets, target, lane, site, this.#ports);
      if (choice.kind === 'candidates') return choice;
      none ??= choice;
    }
    return none;
  }

  #laneWith(part: Partial<Pick<Lane, 'onlyUplinks' | 'smartHosts' | 'way' | 'favoured'>>): Lane {
    const { onlyUplinks = null, smartHosts = 'through', way = null, favoured = null } = part;
    const key = [
      onlyUplinks === null ? '' : `by ${onlyUplinks.join(',')}`,
      smartHosts === 'through' ? '' : smartHosts,
      way === null ? '' : `${way.standIn ? '*' : ''}${way.reason}`,
      favoured === null ? '' : `~${favoured.uplink}`,
    ].join('|');
    if (key === '|||') return plainLane;
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    if (this.#lanes.size >= mostLanes) this.#lanes.clear();
    const plain: Lane = { ...plainLane, key: `${key}|`, onlyUplinks, smartHosts, way, favoured };
    const lane =
      favoured === null ? plain : { ...plain, base: this.#laneWith({ onlyUplinks, smartHosts, way }) };
    this.#lanes.set(key, lane);
    return lane;
  }
}

const blindTarget = (site: string): Target => ({
  to: { host: site, address: '0.0.0.0', port: 25 },
  local: false,
  mxPreference: 0,
  backup: false,
  terms: { tls: 'none', serverName: null, login: null, xclient: false },
});
