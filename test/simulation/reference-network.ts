import type { Settings } from '../../src/config/settings.ts';
import type { UplinkSetting } from '../../src/decision/egress/egress.ts';
import { reverseName } from '../../src/decision/records/reverse-name.ts';
import {
  identityByTable,
  type ReceiverSetting,
  type RunningReceiver,
  startReceiver,
} from '../../src/surface/demo/receiver.ts';
import type { Delivery } from '../../src/surface/demo/receiver-session.ts';
import type { ZoneTable } from '../../src/surface/demo/zone-table.ts';
import { plainUplink, primaryDomain } from '../settings.ts';
import { SimClock } from './sim-clock.ts';
import { SimHost } from './sim-host.ts';
import { SimInternet } from './sim-internet.ts';
import { SimLink } from './sim-link.ts';
import { SimRandom } from './sim-random.ts';

const mailPorts: ReadonlySet<number> = new Set([25]);

export const nameServerAddress = '192.0.2.53';

/** A domain of the world and the one host that takes its mail, each in a network of its own. */
export const remoteDomains = [
  { name: 'remote.example', host: 'mx.remote.example', address: '192.0.2.10' },
  { name: 'partner.example', host: 'mx.partner.example', address: '198.18.1.10' },
  { name: 'school.example', host: 'mx.school.example', address: '198.18.2.10' },
  { name: 'shop.example', host: 'mx.shop.example', address: '198.18.3.10' },
] as const;

/** Layout B of the case: own outbound names for each address. */
const identities = [
  { uplink: 'isp1', address: '198.51.100.30', ehlo: 'mail.example.com' },
  { uplink: 'isp2', address: '203.0.113.40', ehlo: 'mail2.example.com' },
] as const;

/**
 * The reference network, simulated: our mail host with two uplinks, a client and the mail store inside, and an Internet
 * of strict receivers with a name server's host.
 */
export class ReferenceNetwork {
  readonly clock = new SimClock();
  readonly random: SimRandom;
  readonly internet: SimInternet;
  readonly uplinks: readonly [SimLink, SimLink];
  /** Of the gateway, the client and the mail store. */
  readonly insideLinks: readonly [SimLink, SimLink, SimLink];
  readonly gateway: SimHost;
  readonly client: SimHost;
  readonly store: SimHost;
  readonly nameServer: SimHost;
  /** What any receiver has taken, the mail store of `deliver_to` among them. */
  readonly deliveries: Delivery[] = [];
  /** The mail store of `example.com`, once `start` is done. */
  readonly mailStores: RunningReceiver[] = [];
  /** The receivers of the world, once `start` is done. */
  readonly worldReceivers: RunningReceiver[] = [];

  constructor(seed: number) {
    this.random = new SimRandom(seed);
    this.internet = new SimInternet(this.clock, this.random.fork());
    this.uplinks = [
      new SimLink('isp1', mailPorts, { latencyMs: 8, jitterMs: 3 }),
      new SimLink('isp2', mailPorts, { latencyMs: 15, jitterMs: 10 }),
    ];
    const wire = (name: string): SimLink => new SimLink(name, mailPorts, { latencyMs: 2 });
    const inside = (name: string): SimLink => new SimLink(name, mailPorts, { latencyMs: 0.1 });
    this.insideLinks = [inside('inside'), inside('client'), inside('store')];
    const [own, clients, store] = this.insideLinks;
    this.gateway = new SimHost('gateway', this.internet)
      .attach('eth1', identities[0].address, this.uplinks[0])
      .attach('eth2', identities[1].address, this.uplinks[1])
      .attach('eth0', '10.20.0.2', own);
    this.client = new SimHost('client', this.internet).attach('eth0', '10.20.0.7', clients);
    this.store = new SimHost('store', this.internet).attach('eth0', '10.20.0.10', store);
    this.nameServer = new SimHost('name server', this.internet).attach(
      'eth0',
      nameServerAddress,
      wire('name server'),
    );
  }

  /**
   * Starts the receivers of the world, who judge an identity by its names, and the mail store, which does not.
   * `whim` makes those of the world moody.
   */
  async start(whim: (receiver: number) => ReceiverSetting['whim'] = () => undefined): Promise<void> {
    const forward: Record<string, readonly string[]> = {};
    const reverse: Record<string, readonly string[]> = {};
    for (const { address, ehlo } of identities) {
      forward[ehlo] = [address];
      reverse[address] = [ehlo];
    }
    const common = {
      port: 25,
      clock: this.clock,
      onDelivery: (each: Delivery) => this.deliveries.push(each),
    };
    const identity = identityByTable(forward, reverse);
    for (const [place, { host, address }] of remoteDomains.entries()) {
      const link = new SimLink(host, mailPorts, { latencyMs: this.random.between(1, 60) });
      const mood = whim(place);
      const machine = new SimHost(host, this.internet).attach('eth0', address, link);
      this.worldReceivers.push(
        must(
          await startReceiver(machine, {
            ...common,
            address,
            name: host,
            identity,
            ...(mood === undefined ? null : { whim: mood }),
          }),
        ),
      );
    }
    this.mailStores.push(
      must(await startReceiver(this.store, { ...common, address: '10.20.0.10', name: 'store.example.com' })),
    );
  }

  /** The name that goes with each source address. */
  identities(): ReadonlyMap<string, string> {
    return new Map(identities.map(({ address, ehlo }) => [address, ehlo]));
  }

  /** What the name server says. */
  zone(): ZoneTable {
    const zone: Record<string, readonly string[]> = {};
    for (const { name, host, address } of remoteDomains) {
      zone[`${name} MX`] = [`10 ${host}`];
      zone[`${host} A`] = [address];
    }
    for (const { ehlo, address } of identities) {
      zone[`${ehlo} A`] = [address];
      zone[`${reverseName(address).name} PTR`] = [ehlo];
    }
    return zone;
  }

  /** The configuration of the mail host. */
  settings(): Settings {
    return {
      hostname: 'mail.example.com',
      stateDir: '/nowhere',
      uplinks: this.#uplinkSettings(),
      listeners: [
        {
          address: '10.20.0.2',
          port: 25,
          role: 'relay',
          name: 'mail.example.com',
          publicAddress: null,
          bareNewline: 'refuse',
          allowPublic: false,
          tls: null,
        },
      ],
      domains: [primaryDomain('example.com', '10.20.0.10')],
      relay: { fromNetworks: ['10.20.0.0/24'] },
      dnsServers: [{ address: nameServerAddress, port: 53, uplink: null, trustAd: false }],
      delivery: { port: 25, doubtWaitMs: 600_000 },
      queue: { expireMs: 432_000_000, delayNoticeMs: 14_400_000 },
      limits: { messageSizeBytes: 50_000_000, recipients: 1_000, connections: 2_000, perClient: 50 },
      routes: [],
      notify: [],
      drill: null,
      http: null,
      log: { level: 'info', format: 'json', file: null },
    };
  }

  /** All but names and addresses at the defaults. */
  #uplinkSettings(): UplinkSetting[] {
    return identities.map(({ uplink, address, ehlo }, place) => ({
      name: uplink,
      preference: 10 * (place + 1),
      weight: 1,
      dns: [],
      probe: [],
      ...plainUplink,
      health: { intervalMs: 10_000, suspectIntervalMs: 1_000, timeoutMs: 4_000, proveMs: 10_000 },
      egresses: [
        {
          id: `${uplink}/${address}`,
          uplink,
          ehlo,
          family: 4 as const,
          address,
          interface: null,
          publicAddress: null,
        },
      ],
    }));
  }
}

/** For what cannot fail in a network that we have just made. */
export function must<Value, Failure>(
  result: { ok: true; value: Value } | { ok: false; error: Failure },
): Value {
  if (!result.ok) throw new Error(`The simulated network could not be made: ${JSON.stringify(result.error)}`);
  return result.value;
}
