import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result } from '../src/runtime/ports.ts';
import { PeerProcess } from '../src/surface/demo/peer-process.ts';
import type { PeerCounts, PeerNews, PeerOrder, PeerValue } from '../src/surface/demo/peer-protocol.ts';
import type { ReceiverBehaviour } from '../src/surface/demo/receiver-behaviour.ts';
import type { Delivery } from '../src/surface/demo/receiver-session.ts';
import { Tally } from '../src/surface/demo/tally.ts';
import {
  addressesOf,
  identityOf,
  inside,
  publicResolver,
  type Sender,
  type Site,
  senders,
  sites,
  uplinks,
  zoneOf,
} from './addresses.ts';
import { type GatewayEventView, LabGateway, type UplinkView } from './gateway.ts';
import { LabNetwork, type LabOptions } from './network.ts';
import { RealInternet } from './real-internet.ts';

export type ScenarioSetting = LabOptions & {
  /** The uplinks' own resolvers, which answer only their own customers, in place of a public one. */
  readonly ownResolvers?: boolean;
  /** Done to the network before anything runs in it. */
  readonly prepare?: (lab: LabNetwork) => Promise<Result<void, string>>;
  /** Our source addresses as the world sees them, with the names that the zone gives them. */
  readonly senders?: readonly Sender[];
  /** What stands in the brackets of each uplink's `source`; default: its public address. */
  readonly sources?: readonly [string, string];
  /** The whole of `uplinks`, and the doors of `listeners`, in place of ours. */
  readonly uplinksAndDoors?: string;
  /** Real name servers, and real strict receivers at the first two sites, the only ones then. */
  readonly real?: boolean;
  /** How each site's receiver behaves; it may have no receiver at all. */
  readonly behaviour?: (site: Site, index: number) => Partial<ReceiverBehaviour> | 'no receiver';
  /** The world may bring mail for example.com, by a door on each uplink with a certificate of its own. */
  readonly doors?: boolean;
  /** Lines added to the domain example.com. */
  readonly domain?: string;
  /** Lines added to the uplinks, in their order. */
  readonly uplinkLines?: readonly [string, string];
  /** Files beside the configuration, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Lines added to the configuration, in place of a `doubt_wait` of 5 s. */
  readonly more?: string;
  /** Seconds of proof before a healed uplink is used again. */
  readonly proveS?: number;
};

/** The certificates of the tests; the gateway trusts their authority. */
export const certificates = join(import.meta.dirname, '..', 'test', 'certificates');

/**
 * The lab with everything running: receivers and name servers in the Internet, the real `postern serve` in the mail
 * host, a mail user inside; and a tally of what was accepted and what arrived. Failures are thrown: the test fails.
 */
export class Scenario {
  readonly lab: LabNetwork;
  readonly tally = new Tally();
  readonly deliveries: Delivery[] = [];
  readonly troubles: string[] = [];
  /** Messages whose sender was not told that they were taken, and which it offered again. */
  readonly offeredAgain = new Set<string>();
  /** What each message's body must be, by Message-ID. */
  readonly digests = new Map<string, string>();
  readonly directory: string;
  readonly gateway: LabGateway;
  readonly #setting: ScenarioSetting;
  readonly #sites: readonly Site[];
  #internet: PeerProcess | null = null;
  #real: RealInternet | null = null;
  #user: PeerProcess | null = null;
  readonly #senders: PeerProcess[] = [];
  #arrived: () => void = () => {};

  private constructor(lab: LabNetwork, directory: string, setting: ScenarioSetting) {
    this.lab = lab;
    this.directory = directory;
    this.#setting = setting;
    this.#sites = setting.sites ?? (setting.real ? sites.slice(0, 2) : sites);
    this.gateway = new LabGateway(lab.mailHost, join(directory, 'postern.yaml'), {
      NODE_EXTRA_CA_CERTS: join(certificates, 'ca.pem'),
    });
  }

  static async start(setting: ScenarioSetting = {}): Promise<Scenario> {
    const lab = must(await LabNetwork.build(setting));
    if (setting.prepare) must(await setting.prepare(lab));
    const directory = await mkdtemp(join(tmpdir(), 'postern-lab-'));
    const scenario = new Scenario(lab, directory, setting);
    try {
      await scenario.#populate();
      await scenario.serve();
      return scenario;
    } catch (error) {
      await scenario.close();
      throw error;
    }
  }

  get config(): string {
    return this.gateway.config;
  }

  /** Our source addresses as the world sees them, with their names. */
  get senders(): readonly Sender[] {
    return this.#setting.senders ?? senders;
  }

  /** The peer with receivers and name servers. */
  get internet(): PeerProcess {
    if (this.#internet === null) throw new Error('the Internet is not there yet');
    return this.#internet;
  }

  /** The real servers of the Internet, where the setting has them. */
  get real(): RealInternet {
    if (this.#real === null) throw new Error('the Internet of this scenario is made of peers');
    return this.#real;
  }

  /** What `postern serve` wrote. */
  get log(): readonly string[] {
    return this.gateway.log;
  }

  serve(): Promise<void> {
    return this.gateway.serve();
  }

  /** Ends `postern serve`; gives its exit code. */
  stopServing(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    return this.gateway.stop(signal);
  }

  /** Runs a `postern` command in the mail host. */
  command(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    return this.gateway.command(...args);
  }

  follow(hear: (event: GatewayEventView) => void): void {
    this.gateway.follow(hear);
  }

  uplinks(): Promise<readonly UplinkView[] | null> {
    return this.gateway.uplinks();
  }

  async uplinkState(name: string): Promise<string> {
    return (await this.uplinks())?.find(uplink => uplink.name === name)?.state ?? 'not told';
  }

  /** Begins steady mail from inside, a message each `intervalMs`, to all sites in turn. */
  async send(
    intervalMs: number,
    more: { sizeBytes?: number; label?: string; recipients?: readonly string[] } = {},
  ): Promise<void> {
    await order(this.#user, {
      do: 'send',
      target: { address: inside.mailHost, port: 25 },
      source: inside.user,
      ehlo: 'user.example.com',
      intervalMs,
      mailFrom: 'user@example.com',
      recipients: more.recipients ?? this.#sites.map(site => `m{n}@${site.domain}`),
      sizeBytes: more.sizeBytes ?? 1000,
      label: more.label ?? 'steady',
    });
  }

  async stopSending(): Promise<void> {
    await order(this.#user, { do: 'stop_sending' });
    for (const sender of this.#senders) await order(sender, { do: 'stop_sending' });
  }

  /**
   * Begins steady mail from somebody in the Internet to example.com, by the first of these doors that is open, as he
   * would go through our MX hosts. He is less patient than most: he waits 4 s for a connection and for a reply.
   */
  async sendToUs(
    label: string,
    source: string,
    [door, ...others]: readonly [string, ...string[]],
    intervalMs: number,
    sizeBytes = 1000,
  ): Promise<void> {
    const sender = must(await PeerProcess.start(this.lab.internet, news => this.#hear(news)));
    this.#senders.push(sender);
    await order(sender, {
      do: 'send',
      target: { address: door, port: 25 },
      others: others.map(address => ({ address, port: 25 })),
      patienceMs: 4_000,
      source,
      ehlo: 'mx.remote.example',
      intervalMs,
      mailFrom: 'someone@remote.example',
      recipients: ['us@example.com'],
      sizeBytes,
      label,
    });
  }

  /** One more receiver in the Internet, on a port of its own. */
  async receive(
    address: string,
    port: number,
    name: string,
    behaviour: Partial<ReceiverBehaviour>,
  ): Promise<void> {
    await order(this.#internet, {
      do: 'receive',
      addresses: [address],
      port,
      name,
      identity: null,
      behaviour,
    });
  }

  async behave(address: string, behaviour: Partial<ReceiverBehaviour>): Promise<void> {
    await order(this.#internet, { do: 'behave', address, behaviour });
  }

  async counts(): Promise<PeerCounts> {
    const value = await order(this.#internet, { do: 'counts' });
    if (value === null || !('identities' in value)) throw new Error('the peer told no counts');
    return value;
  }

  /** Deliveries at or after this wall time, by source address. */
  bySource(since: number): Map<string, number> {
    const counted = new Map<string, number>();
    for (const { remoteAddress, startedAt } of this.deliveries) {
      if (startedAt >= since) counted.set(remoteAddress, (counted.get(remoteAddress) ?? 0) + 1);
    }
    return counted;
  }

  /** Waits until all accepted mail has arrived; what these gateways keep is told if it does not. */
  async drained(limitMs = 60_000, gateways: readonly LabGateway[] = [this.gateway]): Promise<void> {
    const all = (): boolean => this.tally.missing().length === 0;
    await this.until('all accepted mail to arrive', all, limitMs).catch(async (error: unknown) => {
      const kept = await Promise.all(
        gateways.map(async each => `${each.config}:\n${(await each.command('queue', 'list')).out}`),
      );
      throw new Error(`${String(error)}\nmissing: ${this.tally.missing().join(' ')}\n${kept.join('\n')}`);
    });
  }

  /** Waits until it holds, looking at every delivery and four times a second; a liveness bound, not a measurement. */
  async until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
    const end = performance.now() + limitMs;
    while (!(await holds())) {
      if (this.gateway.ended)
        throw new Error(`postern serve ended while the lab waited for ${what}\n${this.gateway.tail()}`);
      if (performance.now() > end) {
        throw new Error(`waited ${limitMs} ms in vain for ${what}\n${this.gateway.tail()}`);
      }
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, 250);
        this.#arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Ends everything and leaves nothing behind. */
  async close(): Promise<void> {
    await this.stopServing('SIGKILL');
    this.#user?.close();
    for (const sender of this.#senders) sender.close();
    this.#internet?.close();
    this.lab.destroy();
    // Mail servers end a moment after their namespace.
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async #populate(): Promise<void> {
    await writeFile(this.config, this.#configText());
    for (const [name, text] of Object.entries(this.#setting.files ?? {}))
      await writeFile(join(this.directory, name), text);
    const hear = (news: PeerNews): void => this.#hear(news);
    this.#internet = must(await PeerProcess.start(this.lab.internet, hear));
    this.#user = must(await PeerProcess.start(this.lab.inside, hear));
    if (this.#setting.real)
      this.#real = await RealInternet.start(this.lab, this.directory, zoneOf(this.#sites, this.senders));
    else await this.#populateInternet(this.#internet);
    await order(this.#user, {
      do: 'receive',
      addresses: [inside.store],
      port: 25,
      name: 'store.example.com',
      identity: null,
      behaviour: {},
    });
  }

  /** Name servers and receivers of our own. */
  async #populateInternet(internet: PeerProcess): Promise<void> {
    const zone = zoneOf(this.#sites, this.senders);
    const identity = identityOf(this.senders);
    const servers: [string, readonly string[]][] = this.#setting.ownResolvers
      ? uplinks.map(uplink => [uplink.resolver, [uplink.network]])
      : [[publicResolver, []]];
    for (const [address, customers] of servers) {
      await order(internet, { do: 'name_server', address, port: 53, zone, customers, delayMs: 0 });
    }
    for (const [index, site] of this.#sites.entries()) {
      const behaviour = this.#setting.behaviour?.(site, index) ?? {};
      if (behaviour === 'no receiver') continue;
      await order(internet, {
        do: 'receive',
        addresses: addressesOf(site),
        port: 25,
        name: site.host,
        identity,
        behaviour,
      });
    }
  }

  #configText(): string {
    const { ownResolvers, domain, more, proveS, uplinksAndDoors } = this.#setting;
    return `hostname: mail.example.com
state_dir: ${join(this.directory, 'state')}

${uplinksAndDoors ?? this.#uplinksAndDoors()}
  - address: ${inside.mailHost}:25
    role: relay
    name: mail.example.com

domains:
  - name: example.com
    deliver_to: ["${inside.store}:25"]
${domain ?? ''}
relay:
  from_networks: [10.20.0.0/24]

${ownResolvers ? '' : `dns:\n  servers: ["${publicResolver}:53"]\n`}
health: { prove: ${proveS ?? 10}s }
${more ?? 'delivery: { doubt_wait: 5s }\n'}`;
  }

  #uplinksAndDoors(): string {
    const { ownResolvers, doors: open, sources, uplinkLines } = this.#setting;
    const nameOf = (source: string): string | undefined =>
      this.#setting.senders?.find(({ address }) => address === source)?.name;
    const ways = uplinks.map(
      (uplink, index) => `
  - name: ${uplink.name}
    ehlo: ${nameOf(uplink.source) ?? uplink.ehlo}
    source: [${sources?.[index] ?? uplink.source}]
    preference: ${10 * (index + 1)}${ownResolvers ? `\n    dns: ["${uplink.resolver}:53"]` : ''}${uplinkLines?.[index] ?? ''}`,
    );
    const listeners = uplinks.map(
      ({ source }, index) => `
  - address: ${source}:25
    role: mx
    name: mx${index + 1}.example.com
    tls: { cert: ${certificates}/mx${index + 1}.pem, key: ${certificates}/mx${index + 1}.key }`,
    );
    return `uplinks:${ways.join('')}

listeners:${open ? listeners.join('') : ''}`;
  }

  #hear(news: PeerNews): void {
    if (news.news === 'delivery') {
      this.deliveries.push(news.delivery);
      this.tally.delivered(news.delivery);
      this.#arrived();
    } else if (news.news === 'accepted') {
      this.tally.accepted(news.messageId, news.at);
      this.digests.set(news.messageId, news.bodyDigest);
    } else if (news.news === 'trouble') {
      this.troubles.push(news.reason);
      this.offeredAgain.add(news.messageId);
    }
  }
}

/** The value, or an exception that ends the scenario. */
export function must<Value>(result: { ok: true; value: Value } | { ok: false; error: unknown }): Value {
  if (result.ok) return result.value;
  throw new Error(String(result.error));
}

async function order(peer: PeerProcess | null, what: PeerOrder): Promise<PeerValue> {
  if (peer === null) throw new Error('the peer is not there yet');
  return must(await peer.order(what));
}
