import type { Result } from '../src/runtime/ports.ts';
import { cable, inOrder, Namespace } from '../src/surface/demo/namespaces.ts';
import { doors, inside, publicResolver, type Site, sites, uplinks } from './addresses.ts';
import { Wire } from './wire.ts';

export type LabOptions = {
  /** Each uplink's table ends in an `unreachable` default. */
  readonly fallback?: boolean;
  /** Each source address has a rule and a table of its own. */
  readonly policyRouting?: boolean;
  /** Receiving sites whose addresses the Internet has. */
  readonly sites?: readonly Site[];
};

type Done = Result<void, string>;

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
  readonly #options: Required<Omit<LabOptions, 'sites'>>;

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
    this.#options = { fallback: options.fallback ?? true, policyRouting: options.policyRouting ?? true };
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
    const uplink = uplinks[index];
    const { namespace } = this.providers[index];
    const { fallback, policyRouting } = this.#options;
    const host = [
      `link set ${uplink.name} up`,
      `address replace ${uplink.source}/24 dev ${uplink.name}`,
      `route replace default via ${uplink.gateway} dev ${uplink.name} metric ${100 * (index + 1)}`,
    ];
    if (policyRouting) {
      host.push(`route replace default via ${uplink.gateway} dev ${uplink.name} table ${uplink.table}`);
      if (fallback) host.push(`route replace unreachable default metric 4278198272 table ${uplink.table}`);
    }
    return inOrder(
      () =>
        namespace.ip(
          'link set cust up',
          `address replace ${uplink.gateway}/24 dev cust`,
          'link set core up',
          `address replace ${uplink.core.provider}/30 dev core`,
          `route replace default via ${uplink.core.internet}`,
        ),
      () => this.mailHost.ip(...host),
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
    if (quality === null) return { ok: true, value: undefined };
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
      ...list.map(site => site.address),
    ];
    return inOrder(
      () => cable(mailHost, 'in0', insideHosts, 'in0'),
      () => mailHost.ip('link set in0 up', `address add ${inside.mailHost}/${inside.prefix} dev in0`),
      () =>
        insideHosts.ip(
          'link set in0 up',
          `address add ${inside.store}/${inside.prefix} dev in0`,
          `address add ${inside.user}/${inside.prefix} dev in0`,
        ),
      () => internet.ip(...addresses.map(address => `address add ${address}/32 dev lo`)),
      () => this.#layProvider(0),
      () => this.#layProvider(1),
    );
  }

  async #layProvider(index: 0 | 1): Promise<Done> {
    const uplink = uplinks[index];
    const { namespace } = this.providers[index];
    const link = `core${index + 1}`;
    return inOrder(
      () => cable(this.mailHost, uplink.name, namespace, 'cust'),
      () => cable(this.internet, link, namespace, 'core'),
      () =>
        namespace.settings({
          'ipv4/ip_forward': '1',
          'ipv4/conf/all/rp_filter': '0',
          'ipv4/conf/core/rp_filter': '0',
          'ipv4/conf/cust/rp_filter': '1',
          'ipv4/icmp_ratelimit': '0',
        }),
      () =>
        this.internet.ip(
          `address add ${uplink.core.internet}/30 dev ${link}`,
          `link set ${link} up`,
          `route add ${uplink.network} via ${uplink.core.provider}`,
        ),
      () => this.internet.settings({ [`ipv4/conf/${link}/rp_filter`]: '0', 'ipv4/conf/all/rp_filter': '0' }),
      () =>
        this.#options.policyRouting
          ? this.mailHost.ip(`rule add from ${uplink.source} lookup ${uplink.table}`)
          : Promise.resolve<Done>({ ok: true, value: undefined }),
      () => this.layUplink(index),
    );
  }
}
