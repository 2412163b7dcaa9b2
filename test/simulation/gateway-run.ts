import { Gateway } from '../../src/runtime/gateway.ts';
import { composeMessage } from '../../src/surface/demo/compose.ts';
import { startNameServer } from '../../src/surface/demo/name-server.ts';
import { plainBehaviour, type ReceiverBehaviour } from '../../src/surface/demo/receiver-behaviour.ts';
import { SteadySender } from '../../src/surface/demo/steady-sender.ts';
import { testCertificate } from '../certificates.ts';
import { MemoryFiles, nothingOutside } from '../fakes.ts';
import { type Acknowledged, type History, queuedReversePaths } from './gateway-history.ts';
import { MemoryDisk, MemoryStore } from './memory-store.ts';
import { MemoryTrace } from './memory-trace.ts';
import { must, nameServerAddress, ReferenceNetwork, remoteDomains } from './reference-network.ts';
import { cutKinds } from './sim-link.ts';
import { SimProcess } from './sim-process.ts';
import type { SimRandom } from './sim-random.ts';

/** One simulated run of the whole gateway; the same plan gives the same history. */
export type RunPlan = {
  readonly seed: number;
  /** How long mail flows and the network is cut at random. */
  readonly stormMs: number;
  /** Between two messages of the one client. */
  readonly messageEveryMs: number;
};

export type RunOutcome = {
  readonly history: History;
  /** Names that go with source addresses. */
  readonly identities: ReadonlyMap<string, string>;
  readonly fingerprint: string;
  readonly packets: number;
  readonly kills: number;
  readonly simulatedMs: number;
};

const hour = 3_600_000;

/**
 * Mail flows through the real gateway while uplinks die in every way that we know, receivers have their whims and the
 * gateway itself is killed now and then; then all is healed, and what is queued gets time to leave.
 */
export async function runGateway(plan: RunPlan): Promise<RunOutcome> {
  const world = new ReferenceNetwork(plan.seed);
  const { clock } = world;
  await world.start();
  const names = { address: nameServerAddress, port: 53, zone: world.zone(), clock };
  must(await startNameServer(world.nameServer, names));
  const house = new SimHouse(world);
  await house.open();
  const acknowledged: Acknowledged[] = [];
  const offeredAgain = new Set<string>();
  const sender = startSender(world, plan, acknowledged, offeredAgain);
  heal(world);
  await storm(world, house, plan);
  await clock.await(sender.stop());
  heal(world);
  for (let waited = 0; waited < 12 && (await house.queued()).size > 0; waited++) await clock.run(hour / 2);
  const queued = await house.queued();
  await house.close();
  return {
    history: { acknowledged, offeredAgain, deliveries: world.deliveries, trace: house.trace.events, queued },
    identities: world.identities(),
    fingerprint: world.internet.fingerprint(),
    packets: world.internet.packets,
    kills: house.kills,
    simulatedMs: clock.monotonic(),
  };
}

/** The mail host's lives: the disk outlives them, the trace is kept for all. */
class SimHouse {
  readonly trace = new MemoryTrace();
  kills = 0;
  readonly #world: ReferenceNetwork;
  readonly #disk = new MemoryDisk();
  #life: { readonly process: SimProcess; readonly store: MemoryStore; readonly gateway: Gateway } | null =
    null;

  constructor(world: ReferenceNetwork) {
    this.#world = world;
  }

  async open(): Promise<void> {
    const { clock, gateway: host, random } = this.#world;
    const process = new SimProcess(host, clock);
    const store = new MemoryStore({ clock: process.clock, disk: this.#disk });
    const { network } = process;
    const ports = {
      clock: process.clock,
      random: random.fork(),
      network,
      store,
      trace: this.trace,
      files: new MemoryFiles(),
      ...nothingOutside,
    };
    const gateway = must(await clock.await(Gateway.start(ports, this.#world.settings())));
    this.#life = { process, store, gateway };
  }

  /** SIGKILL, and a new life two seconds later. */
  async killAndReopen(): Promise<void> {
    this.#life?.store.crash();
    this.#life?.process.kill();
    this.#life = null;
    this.kills += 1;
    await this.#world.clock.run(2_000);
    await this.open();
  }

  async queued(): Promise<Set<string>> {
    return this.#life ? queuedReversePaths(this.#world, this.#life.store) : new Set();
  }

  async close(): Promise<void> {
    if (this.#life) await this.#world.clock.await(this.#life.gateway.stop());
    this.#life = null;
  }
}

function startSender(
  world: ReferenceNetwork,
  plan: RunPlan,
  acknowledged: Acknowledged[],
  offeredAgain: Set<string>,
): SteadySender {
  const digests = new Map<string, Acknowledged>();
  const random = world.random.fork();
  const sender = new SteadySender({
    network: world.client,
    clock: world.clock,
    target: { address: '10.20.0.2', port: 25 },
    source: null,
    ehlo: 'client.example.com',
    compose: n => {
      const reversePath = `s${n}@example.com`;
      const recipients = [recipientFor(random)];
      const sizeBytes = random.chance(0.02) ? 200_000 : random.between(500, 8_000);
      const setting = { label: `seed${plan.seed}`, mailFrom: reversePath, recipients, sizeBytes };
      const message = composeMessage(setting, n, world.clock.now());
      digests.set(message.messageId, {
        messageId: message.messageId,
        reversePath,
        bodyDigest: message.bodyDigest,
      });
      return message;
    },
    onAccepted: messageId => {
      const known = digests.get(messageId);
      if (known) acknowledged.push(known);
    },
    onTrouble: messageId => offeredAgain.add(messageId),
  });
  sender.start(plan.messageEveryMs);
  return sender;
}

/** Mostly the world; now and then our own mail store, or somebody who does not exist. */
function recipientFor(random: SimRandom): string {
  if (random.chance(0.1)) return 'user@example.com';
  const domain = random.pick(remoteDomains).name;
  return random.chance(0.03) ? `nobody@${domain}` : `receiver@${domain}`;
}

/** Cuts and whims at random moments, one or two at a time. */
async function storm(world: ReferenceNetwork, house: SimHouse, plan: RunPlan): Promise<void> {
  const random = world.random.fork();
  const { clock, gateway, uplinks } = world;
  const end = clock.monotonic() + plan.stormMs;
  while (clock.monotonic() < end) {
    await clock.run(random.between(20_000, 180_000));
    const turn = random.next();
    const uplink = random.pick(uplinks);
    if (turn < 0.6) gateway.cut(uplink, random.pick(cutKinds));
    else if (turn < 0.7) for (const each of uplinks) gateway.cut(each, random.pick(cutKinds));
    else if (turn < 0.8) uplink.quality = { ...uplink.quality, loss: 0.3, latencyMs: 150 };
    else if (turn < 0.9) await house.killAndReopen();
    else random.pick(world.worldReceivers).behave(random.pick(whims));
    await clock.run(random.between(5_000, 300_000));
    heal(world);
  }
}

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
  { startTls: { ...testCertificate('remote'), whim: 'refused' } },
  { startTls: { ...testCertificate('remote'), whim: 'junk' } },
  { startTls: { ...testCertificate('remote'), whim: 'hang' } },
  { startTls: { ...testCertificate('remote'), whim: 'injected' } },
];

/** What the hosts of the world offer beside plain SMTP, in turn: nothing, chunks, TLS, and both. */
const offers: readonly Partial<ReceiverBehaviour>[] = [
  {},
  { chunking: true },
  { startTls: { ...testCertificate('remote'), whim: 'none' }, dsn: true },
  { startTls: { ...testCertificate('remote'), whim: 'none' }, chunking: true },
];

const nobody = Object.fromEntries(
  remoteDomains.map(({ name }) => [`nobody@${name}`, '550 5.1.1 No such user here']),
);

function heal(world: ReferenceNetwork): void {
  for (const uplink of world.uplinks) {
    world.gateway.cut(uplink, null);
    uplink.quality = { ...uplink.quality, loss: 0, latencyMs: 10 };
  }
  for (const [place, receiver] of world.worldReceivers.entries())
    receiver.behave({ ...plainBehaviour, ...offers[place % offers.length], refuse: nobody });
}
