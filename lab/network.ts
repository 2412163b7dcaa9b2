import type { Result } from '../src/runtime/ports.ts';
import { cable, inOrder, Namespace } from '../src/surface/demo/namespaces.ts';
import { addressesOf, doors, inside, ipv6, publicResolver, type Site, sites, uplinks } from './addresses.ts';
import { layIpv6, readyForIpv6 } from './ipv6.ts';
import { Wire } from './wire.ts';

/** One uplink as the mail host has it. */
export type Line = {
  /** The name of the mail host's interface. */
  readonly link: string;
  readonly source: string;
  /** The provider's router. */
  readonly gateway: string;
  /** Router and mail host share no network, as with PPP. */
  readonly pointToPoint?: boolean;
};

export type LabOptions = {
  /** Each uplink's table ends in an `unreachable` default. */
  readonly fallback?: boolean;
  /** Each source address has a rule and a table of its own. */
  readonly policyRouting?: boolean;
  /** The mail host's ends of the uplinks; default: their public addresses, as in `uplinks`. */
  readonly lines?: readonly [Line, Line];
  /** Uplink 1 has IPv6 too, as in `ipv6`; uplink 2 has none. */
  readonly ipv6?: boolean;
  /** Receiving sites whose addresses the Internet has. */
  readonly sites?: readonly Site[];
};

type Done = Result<void, string>;

const done: Done = { ok: true, value: undefined };

/** The mail host has the public addresses. */
export const plainLines: readonly [Line, Line] = [lineOf(0), lineOf(1)];

function lineOf(index: 0 | 1): Line {
  const { name, source, gateway } = uplinks[index];
  return { link: name, source, gateway };
}

/** One provider's router: `cust` faces the mail host, `core` the Internet. */
export type Provider = { readonly namespace: Namespace; wire: Wire | null };

/**
 * The reference network in namespaces: the mail host with a link to each of two providers and one inside, the
 * providers' routers, which drop what carries another provider's source address, and an Internet that has the
 * addresses of name servers and receivers. Nothing of it is seen on the host that it runs on, and it ends with the
 * process that built it.
 */
export class LabNetwork {
  readonly mailHost: Namespace;
  readonly inside: Namespace;
  readonly internet: Namespace;
  readonly providers: readonly [Provider, Provider];
  readonly #lines: [Line, Line];
  readonly #options: Required<Omit<LabOptions, 'sites' | 'lines'>>;

  private constructor(namespaces: readonly Namespace[], options: LabOptions) {
    const [mailHost, insideHosts, internet, one, two] = namespaces;
    if (!mailHost || !insideHosts || !internet || !one || !two) throw new Error('five namespaces make a lab');
    this.mailHost = mailHost;
    this.inside = insideHosts;
    this.internet = internet;
    this.providers = [
      { namespace: one, wire: null },
      { namespace: two, wire: null },
    ];
    const [lineOne, lineTwo] = options.lines ?? plainLines;
    this.#lines = [lineOne, lineTwo];
    this.#options = {
      fallback: options.fallback ?? true,
      policyRouting: options.policyRouting ?? true,
      ipv6: options.ipv6 ?? false,
    };
  }

  static async build(options: LabOptions = {}): Promise<Result<LabNetwork, string>> {
    const made: Namespace[] = [];
    for (let n = 0; n < 5; n += 1) {
      const namespace = await Namespace.create();
      if (!namespace.ok) {
        for (const other of made) other.close();
        return namespace;
      }
      made.push(namespace.value);
    }
    const lab = new LabNetwork(made, options);
    const laid = await lab.#lay(options.sites ?? sites);
    if (laid.ok) return { ok: true, value: lab };
    lab.destroy();
    return laid;
  }

  destroy(): void {
    for (const { namespace, wire } of this.providers) {
      wire?.close();
      namespace.close();
    }
    this.mailHost.close();
    this.inside.close();
    this.internet.close();
  }

  /** Puts the addresses, links and routes of an uplink back as they were built, whatever a cut did to them. */
  async layUplink(index: 0 | 1): Promise<Done> {
    const { core, table } = uplinks[index];
    const { link, source, gateway, pointToPoint } = this.#lines[index];
    const { namespace } = this.providers[index];
    const { fallback, policyRouting } = this.#options;
    const host = [
      `link set ${link} up`,
      `address replace ${source}${pointToPoint === true ? ` peer ${gateway}/32` : '/24'} dev ${link}`,
      `route replace default via ${gateway} dev ${link} metric ${100 * (index + 1)}`,
    ];
    if (policyRouting) {
      host.push(`route replace default via ${gateway} dev ${link} table ${table}`);
      if (fallback) host.push(`route replace unreachable default metric 4278198272 table ${table}`);
    }
    return inOrder(
      () =>
        namespace.ip(
          'link set cust up',
          `address replace ${gateway}/24 dev cust`,
          'link set core up',
          `address replace ${core.provider}/30 dev core`,
          `route replace default via ${core.internet}`,
        ),
      () => this.mailHost.ip(...host),
      async () => (this.#hasIpv6(index) ? layIpv6(this, link) : done),
    );
  }

  /** Takes the link of an uplink away from the mail host, and its address and routes with it, as a modem does. */
  async unplug(index: 0 | 1): Promise<Done> {
    return inOrder(
      () => this.mailHost.ip(`link del ${this.#lines[index].link}`),
      () => this.#rule('del', index),
    );
  }

  /** Gives the mail host a new link to a provider, with the address that it had or another one. */
  async plug(index: 0 | 1, source = this.#lines[index].source): Promise<Done> {
    const line = { ...this.#lines[index], source };
    const { namespace } = this.providers[index];
    this.#lines[index] = line;
    return inOrder(
      () => cable(this.mailHost, line.link, namespace, 'cust'),
      () => namespace.settings({ 'ipv4/conf/cust/rp_filter': '1' }),
      () => this.#rule('add', index),
      () => this.layUplink(index),
    );
  }

  /**
   * Puts a wire of that delay and loss into a provider's path, both ways; null takes it out. `delayMs` is one way,
   * `loss` a share of the packets toward the Internet.
   */
  async rewire(
    index: 0 | 1,
    quality: { readonly delayMs: number; readonly loss: number } | null,
  ): Promise<Done> {
    const provider = this.providers[index];
    const out = ['iif cust', 'iif core'].map(side => `rule del ${side} lookup 200`);
    if (provider.wire !== null) {
      const unruled = await provider.namespace.ip(...out);
      provider.wire.close();
      provider.wire = null;
      if (!unruled.ok) return unruled;
    }
    if (quality === null) return done;
    const wire = await Wire.open(provider.namespace, uplinks[index].source, quality);
    if (!wire.ok) return wire;
    provider.wire = wire.value;
    return inOrder(
      () => provider.namespace.settings({ 'ipv4/conf/wire/rp_filter': '0' }),
      () =>
        provider.namespace.ip(
          'link set wire up',
          'route replace default dev wire table 200',
          'rule add iif cust lookup 200',
          'rule add iif core lookup 200',
        ),
    );
  }

  async #lay(list: readonly Site[]): Promise<Done> {
    const { mailHost, inside: insideHosts, internet } = this;
    const addresses = [
      publicResolver,
      doors[2].address,
      ...uplinks.map(uplink => uplink.resolver),
      ...list.flatMap(addressesOf),
    ];
    return inOrder(
      async () => (this.#options.ipv6 ? readyForIpv6(this) : done),
      () => cable(mailHost, 'in0', insideHosts, 'in0'),
      () => mailHost.ip('link set in0 up', `address add ${inside.mailHost}/${inside.prefix} dev in0`),
      () =>
        insideHosts.ip(
          'link set in0 up',
          `address add ${inside.store}/${inside.prefix} dev in0`,
          `address add ${inside.user}/${inside.prefix} dev in0`,
        ),
      () => internet.ip(...addresses.map(address => `address add ${address} dev lo`)),
      () => this.#layCore(0),
      () => this.#layCore(1),
      () => this.plug(0),
      () => this.plug(1),
    );
  }

  /** Joins a provider to the Internet. */
  async #layCore(index: 0 | 1): Promise<Done> {
    const uplink = uplinks[index];
    const { namespace } = this.providers[index];
    const link = `core${index + 1}`;
    return inOrder(
      () => cable(this.internet, link, namespace, 'core'),
      () =>
        namespace.settings({
          'ipv4/ip_forward': '1',
          'ipv4/conf/all/rp_filter': '0',
          'ipv4/conf/core/rp_filter': '0',
          'ipv4/icmp_ratelimit': '0',
        }),
      () =>
        this.internet.ip(
          `address add ${uplink.core.internet}/30 dev ${link}`,
          `link set ${link} up`,
          `route add ${uplink.network} via ${uplink.core.provider}`,
        ),
      () => this.internet.settings({ [`ipv4/conf/${link}/rp_filter`]: '0', 'ipv4/conf/all/rp_filter': '0' }),
    );
  }

  /** Adds or deletes the rules by which an uplink's sources go to its table. */
  async #rule(verb: 'add' | 'del', index: 0 | 1): Promise<Done> {
    if (!this.#options.policyRouting) return done;
    const sources = [this.#lines[index].source, ...(this.#hasIpv6(index) ? [ipv6.source] : [])];
    for (const source of sources) {
      const family = source.includes(':') ? '-6' : '-4';
      const table = String(uplinks[index].table);
      const ruled = await this.mailHost.run('ip', [family, 'rule', verb, 'from', source, 'lookup', table]);
      if (!ruled.ok) return ruled;
    }
    return done;
  }

  #hasIpv6(index: 0 | 1): boolean {
    return index === 0 && this.#options.ipv6;
  }
}
