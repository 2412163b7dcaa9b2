import type { UplinkSetting } from '../../src/decision/egress/egress.ts';
import type { SmartHost } from '../../src/decision/next-hop/route-setting.ts';
import { reverseName } from '../../src/decision/records/reverse-name.ts';
import { Gateway, type GatewaySettings } from '../../src/runtime/gateway.ts';
import { composeMessage } from '../../src/surface/demo/compose.ts';
import { type RunningNameServer, startNameServer } from '../../src/surface/demo/name-server.ts';
import { type RunningReceiver, startReceiver } from '../../src/surface/demo/receiver.ts';
import { plainBehaviour, type ReceiverBehaviour } from '../../src/surface/demo/receiver-behaviour.ts';
import { SteadySender } from '../../src/surface/demo/steady-sender.ts';
import type { ZoneTable } from '../../src/surface/demo/zone-table.ts';
import { testCertificate } from '../certificates.ts';
import { MemoryFiles, nothingOutside } from '../fakes.ts';
import { primaryDomain } from '../settings.ts';
import { type Acknowledged, type History, queuedReversePaths } from './gateway-history.ts';
import { MemoryDisk, MemoryStore } from './memory-store.ts';
import { MemoryTrace } from './memory-trace.ts';
import { must, nameServerAddress, ReferenceNetwork, remoteDomains } from './reference-network.ts';
import { cutKinds, SimLink } from './sim-link.ts';
import { SimProcess } from './sim-process.ts';
import type { SimRandom } from './sim-random.ts';

/** What one run of the full storm leaves behind. */
export type FullOutcome = {
  readonly history: History;
  readonly identities: ReadonlyMap<string, string>;
  /** Each EHLO name that was given from each address, by probes and tests too: `address name`. */
  readonly given: ReadonlySet<string>;
  /** Sockets that the mail host's kernel still keeps when the gateway has ended and all is over. */
  readonly sockets: number;
  /** How often each kind of trouble was made. */
  readonly troubles: ReadonlyMap<string, number>;
};

const hour = 3_600_000;
const minute = 60_000;

const third = { uplink: 'isp3', address: '198.51.100.77', ehlo: 'mail3.example.com' } as const;
const passwords = { uplink: '/etc/postern/isp3', route: '/etc/postern/bulk' } as const;
const login = { user: 'postern', password: 'secret' } as const;

/** The way of isp3, whose provider blocks port 25. */
const smartHost: SmartHost = {
  host: 'smtp.isp3.example',
  port: 587,
  tls: 'verify',
  login: { user: login.user, passwordFile: passwords.uplink },
};
/** The way of bulk mail. */
const bulkHost: SmartHost = {
  host: 'smtp.bulk.example',
  port: 587,
  tls: 'verify',
  login: { user: login.user, passwordFile: passwords.route },
};
export const smartHostAddresses = { '198.18.7.10': smartHost.host, '198.18.8.10': bulkHost.host } as const;

/**
 * As `runGateway`, with all that an operator can ask for at once: a share and a rate and few connections for uplinks, a
 * third one through a smart host with TLS and login, a route by one uplink and one through another smart host, a backup
 * domain, drills; and with his hand in it: reloads, drains, stops, files that go and come, names that are taken away.
 */
export async function runFullStorm(seed: number, stormMs: number): Promise<FullOutcome> {
  const town = new Town(seed);
  await town.start();
  await town.storm(stormMs);
  return town.end();
}

class Town {
  readonly #world: ReferenceNetwork;
  readonly #third = new SimLink('isp3', new Set([25, 587]), { latencyMs: 25, jitterMs: 10 });
  readonly #seed: number;
  readonly #files = new MemoryFiles();
  readonly #disk = new MemoryDisk();
  readonly #trace = new MemoryTrace();
  readonly #acknowledged: Acknowledged[] = [];
  readonly #offeredAgain = new Set<string>();
  readonly #troubles = new Map<string, number>();
  readonly #smartHosts: RunningReceiver[] = [];
  readonly #random: SimRandom;
  #settings: GatewaySettings;
  #names: RunningNameServer | null = null;
  #sender: SteadySender | null = null;
  #life: { readonly process: SimProcess; readonly store: MemoryStore; readonly gateway: Gateway } | null =
    null;

  constructor(seed: number) {
    this.#seed = seed;
    this.#world = new ReferenceNetwork(seed);
    this.#random = this.#world.random.fork();
    this.#settings = this.#usual();
  }

  get #links(): readonly SimLink[] {
    return [...this.#world.uplinks, this.#third];
  }

  async start(): Promise<void> {
    const world = this.#world;
    world.gateway.attach('eth3', third.address, this.#third);
    await world.start();
    for (const [address, name] of Object.entries(smartHostAddresses)) {
      const machine = world.internet
        .host(name)
        .attach('eth0', address, new SimLink(name, new Set([587]), { latencyMs: 5 }));
      const setting = { port: 587, address, name, clock: world.clock };
      this.#smartHosts.push(
        must(
          await world.clock.await(
            startReceiver(machine, { ...setting, onDelivery: each => world.deliveries.push(each) }),
          ),
        ),
      );
    }
    const zone = this.#zone();
    this.#names = must(
      await startNameServer(world.nameServer, {
        address: nameServerAddress,
        port: 53,
        zone,
        clock: world.clock,
      }),
    );
    await this.#heal();
    await this.#open();
    this.#sender = this.#startSender();
  }

  async storm(forMs: number): Promise<void> {
    const { clock } = this.#world;
    const end = clock.monotonic() + forMs;
    while (clock.monotonic() < end) {
      await clock.run(this.#random.between(10_000, 120_000));
      for (let n = this.#random.between(1, 3); n > 0; n--) await this.#trouble();
      await clock.run(this.#random.between(5_000, 240_000));
      await this.#heal();
    }
  }

  async end(): Promise<FullOutcome> {
    const { clock, deliveries, gateway } = this.#world;
    await clock.await(this.#sender?.stop() ?? Promise.resolve());
    await this.#heal();
    for (let waited = 0; waited < 12 && (await this.#queued()).size > 0; waited++) await clock.run(hour / 2);
    const queued = await this.#queued();
    await this.#close();
    await clock.run(hour);
    const identities = new Map([...this.#world.identities(), [third.address, third.ehlo]]);
    return {
      history: {
        acknowledged: this.#acknowledged,
        offeredAgain: this.#offeredAgain,
        deliveries,
        trace: this.#trace.events,
        queued,
      },
      identities,
      given: new Set(
        [...this.#world.worldReceivers, ...this.#smartHosts].flatMap(({ identities: told }) => [
          ...told.keys(),
        ]),
      ),
      sockets: gateway.sockets,
      troubles: this.#troubles,
    };
  }

  // The operator.

  #usual(): GatewaySettings {
    const usual = this.#world.settings();
    const [first, second] = usual.uplinks;
    if (!first || !second) throw new Error('The reference network has two uplinks.');
    const [egress] = second.egresses;
    if (!egress) throw new Error('An uplink of the reference network has an egress.');
    const { uplink, address, ehlo } = third;
    return {
      ...usual,
      uplinks: [
        { ...first, maxConnections: 3 },
        { ...second, maxRatePerS: 2, warmShare: 0.1 },
        {
          ...second,
          name: uplink,
          preference: 30,
          smartHost,
          egresses: [{ ...egress, id: `${uplink}/${address}`, uplink, address, ehlo }],
        },
      ],
      domains: [
        ...usual.domains,
        primaryDomain('bulk.example.com', '10.20.0.10'),
        {
          ...primaryDomain('partner.example', ''),
          role: 'backup',
          deliverTo: [],
          whenUnknown: 'accept',
          expireMs: 21 * 24 * hour,
        },
      ],
      routes: [
        { to: null, from: '@bulk.example.com', uplinks: null, smartHost: bulkHost },
        { to: 'shop.example', from: null, uplinks: ['isp2', 'isp3'], smartHost: null },
      ],
      drill: { everyMs: 20 * minute, forMs: 30_000 },
    };
  }

  /** Another configuration that he might write. */
  #changed(): GatewaySettings {
    const usual = this.#usual();
    const changed = (name: string, part: Partial<UplinkSetting>): GatewaySettings => ({
      ...usual,
      uplinks: usual.uplinks.map(uplink => (uplink.name === name ? { ...uplink, ...part } : uplink)),
    });
    return this.#random.pick([
      { ...usual, uplinks: usual.uplinks.filter(({ name }) => name !== 'isp2') },
      { ...usual, uplinks: usual.uplinks.filter(({ name }) => name !== 'isp1') },
      { ...usual, routes: [] },
      { ...usual, routes: usual.routes.slice(1) },
      changed('isp3', { smartHost: null }),
      changed('isp1', { smartHost: bulkHost }),
      changed('isp2', { maxRatePerS: 0.2, maxConnections: 1 }),
      changed('isp1', { maxConnections: 1 }),
      changed('isp1', { whenUnfit: 'hold' }),
      { ...usual, drill: null },
    ]);
  }

  async #reload(settings: GatewaySettings): Promise<void> {
    this.#settings = settings;
    if (this.#life) must(await this.#world.clock.await(this.#life.gateway.reload(settings)));
  }

  async #open(): Promise<void> {
    const { clock, gateway: host, random } = this.#world;
    const process = new SimProcess(host, clock);
    const store = new MemoryStore({ clock: process.clock, disk: this.#disk });
    const { network } = process;
    const ports = {
      clock: process.clock,
      random: random.fork(),
      network,
      store,
      trace: this.#trace,
      files: this.#files,
      ...nothingOutside,
    };
    const gateway = must(await clock.await(Gateway.start(ports, this.#settings)));
    this.#life = { process, store, gateway };
  }

  async #close(): Promise<void> {
    if (this.#life) await this.#world.clock.await(this.#life.gateway.stop());
    this.#life = null;
  }

  async #kill(): Promise<void> {
    this.#life?.store.crash();
    this.#life?.process.kill();
    this.#life = null;
    await this.#world.clock.run(2_000);
    await this.#open();
  }

  async #queued(): Promise<Set<string>> {
    return this.#life ? queuedReversePaths(this.#world, this.#life.store) : new Set();
  }

  // The world.

  #zone(): ZoneTable {
    const { uplink, address, ehlo } = third;
    return {
      ...this.#world.zone(),
      'partner.example MX': ['10 mx.partner.example', '20 mail2.example.com'],
      [`${ehlo} A`]: [address],
      [`${reverseName(address).name} PTR`]: [ehlo],
      ...Object.fromEntries(
        Object.entries(smartHostAddresses).map(([at, name]) => [`${name} A`, [at]] as const),
      ),
      [`${uplink}.example A`]: [address],
    };
  }

  async #heal(): Promise<void> {
    for (const link of this.#links) {
      this.#world.gateway.cut(link, null);
      link.quality = { ...link.quality, loss: 0 };
    }
    for (const [place, receiver] of this.#world.worldReceivers.entries())
      receiver.behave({ ...plainBehaviour, ...offers[place % offers.length], refuse: nobody });
    for (const receiver of this.#smartHosts) receiver.behave(smartHostBehaviour);
    for (const path of Object.values(passwords)) this.#files.write(path, `${login.password}\n`);
    this.#names?.replace(this.#zone());
    this.#names?.behave({ silent: false, servfail: false });
    if (this.#life === null) return;
    const { gateway } = this.#life;
    for (const { name } of gateway.uplinks()) await this.#world.clock.await(gateway.resume(name));
    await this.#reload(this.#usual());
  }

  async #trouble(): Promise<void> {
    const [kind, make] = this.#random.pick(this.#ways);
    this.#troubles.set(kind, (this.#troubles.get(kind) ?? 0) + 1);
    await make();
  }

  readonly #ways: readonly (readonly [string, () => void | Promise<void>])[] = [
    ['cut', () => this.#world.gateway.cut(this.#random.pick(this.#links), this.#random.pick(cutKinds))],
    ['cut', () => this.#world.gateway.cut(this.#random.pick(this.#links), this.#random.pick(cutKinds))],
    [
      'all cut',
      () => {
        for (const link of this.#links) this.#world.gateway.cut(link, this.#random.pick(cutKinds));
      },
    ],
    [
      'loss',
      () => {
        const link = this.#random.pick(this.#links);
        link.quality = { ...link.quality, loss: 0.3 };
      },
    ],
    ['receiver', () => this.#random.pick(this.#world.worldReceivers).behave(this.#random.pick(whims))],
    ['smart host', () => this.#smartHostTrouble()],
    ['smart host', () => this.#smartHostTrouble()],
    ['password', () => this.#files.write(this.#random.pick(Object.values(passwords)), null)],
    ['password', () => this.#files.write(this.#random.pick(Object.values(passwords)), 'wrong\n')],
    ['names', () => this.#names?.replace(this.#without(/^smtp\./))],
    ['names', () => this.#names?.replace(this.#without(/PTR$/))],
    ['names', () => this.#names?.behave(this.#random.pick([{ silent: true }, { servfail: true }]))],
    ['reload', () => this.#reload(this.#changed())],
    ['reload', () => this.#reload(this.#changed())],
    [
      'drain',
      async () => {
        const { name } = this.#random.pick(this.#links);
        if (this.#life) await this.#world.clock.await(this.#life.gateway.drain(name, null, 'by hand'));
      },
    ],
    [
      'drill',
      () => {
        void this.#life?.gateway.drill(null, minute, () => undefined, new AbortController().signal);
      },
    ],
    ['kill', () => this.#kill()],
    [
      'restart',
      async () => {
        await this.#close();
        await this.#open();
      },
    ],
  ];

  #smartHostTrouble(): void {
    this.#random.pick(this.#smartHosts).behave(this.#random.pick(smartHostWhims));
  }

  #without(name: RegExp): ZoneTable {
    return Object.fromEntries(Object.entries(this.#zone()).filter(([key]) => !name.test(key)));
  }

  #startSender(): SteadySender {
    const { clock, client } = this.#world;
    const random = this.#world.random.fork();
    const digests = new Map<string, Acknowledged>();
    const sender = new SteadySender({
      network: client,
      clock,
      target: { address: '10.20.0.2', port: 25 },
      source: null,
      ehlo: 'client.example.com',
      compose: n => {
        const mailFrom = `s${n}@${random.chance(0.2) ? 'bulk.example.com' : 'example.com'}`;
        const recipients = [recipientFor(random)];
        const sizeBytes = random.chance(0.02) ? 200_000 : random.between(500, 8_000);
        const setting = { label: `seed${this.#seed}`, mailFrom, recipients, sizeBytes };
        const message = composeMessage(setting, n, clock.now());
        const { messageId, bodyDigest } = message;
        digests.set(messageId, { messageId, reversePath: mailFrom, bodyDigest });
        return message;
      },
      onAccepted: messageId => {
        const known = digests.get(messageId);
        if (known) this.#acknowledged.push(known);
      },
      onTrouble: messageId => this.#offeredAgain.add(messageId),
    });
    sender.start(4_000);
    return sender;
  }
}

function recipientFor(random: SimRandom): string {
  if (random.chance(0.1)) return 'user@example.com';
  const domain = random.pick(remoteDomains).name;
  return random.chance(0.03) ? `nobody@${domain}` : `receiver@${domain}`;
}

const tls = { ...testCertificate('remote'), whim: 'none' } as const;

const offers: readonly Partial<ReceiverBehaviour>[] = [
  {},
  { chunking: true },
  { startTls: tls, dsn: true },
  { startTls: tls, chunking: true },
];

const nobody = Object.fromEntries(
  remoteDomains.map(({ name }) => [`nobody@${name}`, '550 5.1.1 No such user here']),
);

const smartHostBehaviour: ReceiverBehaviour = { ...plainBehaviour, startTls: tls, login, refuse: nobody };

const whims: readonly Partial<ReceiverBehaviour>[] = [
  { greetingDelayMs: 6_000 },
  { greeting: '421 4.3.2 Come later' },
  { replyDelayMs: 3_000 },
  { dropAt: 'rcpt' },
  { dropAt: 'dot' },
  { muteAt: 'mail' },
  { muteAt: 'dot' },
  { dotDelayMs: 120_000 },
  { greylistTries: 1 },
  { messagesPerSession: 1 },
  { startTls: { ...tls, whim: 'refused' } },
  { startTls: { ...tls, whim: 'junk' } },
  { startTls: { ...tls, whim: 'hang' } },
  { startTls: { ...tls, whim: 'injected' } },
  { startTls: { ...tls, whim: 'left' } },
];

/** Ways in which a smart host is of no use, of which no message may bounce. */
const smartHostWhims: readonly Partial<ReceiverBehaviour>[] = [
  ...whims,
  { startTls: null },
  { greeting: '554 5.7.1 Your account is closed' },
  { login: { user: 'postern', password: 'another' } },
  { login: null },
  { dropAt: 'ehlo' },
  {
    refuse: Object.fromEntries(
      remoteDomains.map(({ name }) => [`@${name}`, '554 5.7.1 Relay access denied']),
    ),
  },
];
