import type { GatewaySettings } from '../../src/decision/gateway-settings.ts';
import type { GatewayEvent } from '../../src/runtime/events.ts';
import type { EgressReport } from '../../src/runtime/gateway-control.ts';
import { startNameServer } from '../../src/surface/demo/name-server.ts';
import { type RunningReceiver, startReceiver } from '../../src/surface/demo/receiver.ts';
import type { WhimStage } from '../../src/surface/demo/receiver-behaviour.ts';
import { MemoryFiles } from '../fakes.ts';
import { MemoryDisk } from '../simulation/memory-store.ts';
import { MemoryTrace } from '../simulation/memory-trace.ts';
import { must, nameServerAddress, ReferenceNetwork } from '../simulation/reference-network.ts';
import { SimHost } from '../simulation/sim-host.ts';
import { SimLink } from '../simulation/sim-link.ts';
import type { SimRandom } from '../simulation/sim-random.ts';
import { Clients } from './clients.ts';
import { type Blow, type Fault, insideNames, type LinkName, type Spell, uplinkNames } from './fault.ts';
import { Life } from './life.ts';
import { type Outcome, type Severed, together, type Work } from './outcome.ts';
import type { Plan } from './plan.ts';
import { smartHosts, third, usualSettings, usualZone } from './town-settings.ts';
import { Weather } from './weather.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** How long the service manager waits for a stop. */
const longestStopMs = 2 * minute;
/** With nothing wrong any more, probes find an egress within this time. */
const soundWithinMs = 90 * second;
/** What has relapsed often proves itself for an hour. */
const longestProofMs = 75 * minute;
/** Mail goes on for so long when every egress can be used again. */
const calmMs = 15 * minute;

/** Runs a plan to its end: faults, then nothing but sound weather until all has left. */
export async function runPlan(plan: Plan): Promise<Outcome> {
  const town = new Town(plan);
  await town.start();
  await town.storm();
  await town.heal();
  return town.end();
}

class Town {
  readonly #plan: Plan;
  readonly #world: ReferenceNetwork;
  readonly #random: SimRandom;
  readonly #links: ReadonlyMap<LinkName, SimLink>;
  readonly #usual: GatewaySettings;
  readonly #files = new MemoryFiles();
  readonly #disk = new MemoryDisk();
  readonly #trace = new MemoryTrace();
  readonly #clients: Clients;
  readonly #smartHosts: RunningReceiver[] = [];
  readonly #complaints: string[] = [];
  readonly #severed: Severed[] = [];
  readonly #refusedForGood = new Set<string>();
  #weather: Weather | null = null;
  #life: Life | null = null;
  #taken: GatewaySettings;
  #takenAt = 0;
  #downMs = 2 * second;
  #over = false;
  #work: Work = { steps: 0, calls: 0, heard: 0 };
  #lives = 0;
  #mostSockets = 0;
  #calmAt = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#world = new ReferenceNetwork(plan.seed);
    this.#random = this.#world.random.fork();
    const link = new SimLink(third.uplink, new Set([25, 587]), { latencyMs: 25, jitterMs: 10 });
    this.#world.gateway.attach('eth3', third.address, link);
    this.#links = new Map<LinkName, SimLink>([
      ...uplinkNames.map((name, n) => [name, [...this.#world.uplinks, link][n] ?? link] as const),
      ...insideNames.map((name, n) => [name, this.#world.insideLinks[n] ?? link] as const),
    ]);
    this.#usual = usualSettings(this.#world, plan.uncommon, plan.clients.length);
    this.#taken = this.#usual;
    this.#clients = new Clients(this.#world, plan, reversePath => {
      if (!this.#disk.everKept.has(reversePath))
        this.#complain(`${reversePath} heard 250 before its message was committed.`);
    });
  }

  async start(): Promise<void> {
    const world = this.#world;
    const { clock, internet } = world;
    const starting = world.start(
      receiver => (stage, mailFrom, from) => this.#whim(receiver, stage, mailFrom, from),
    );
    await clock.await(starting);
    for (const { name, address } of smartHosts) {
      const machine = new SimHost(name, internet).attach('eth0', address, new SimLink(name, new Set([587])));
      const onDelivery = world.deliveries.push.bind(world.deliveries);
      const setting = { port: 587, address, name, clock, onDelivery };
      this.#smartHosts.push(must(await clock.await(startReceiver(machine, setting))));
    }
    const zone = usualZone(world);
    const setting = { address: nameServerAddress, port: 53, zone, clock };
    const names = must(await clock.await(startNameServer(world.nameServer, setting)));
    this.#weather = new Weather({
      world,
      names,
      zone,
      links: this.#links,
      smartHosts: this.#smartHosts,
      files: this.#files,
      disk: this.#disk,
      usual: this.#usual,
    });
    void this.#keepAlive();
    await clock.run(10 * second);
    this.#clients.start();
  }

  async storm(): Promise<void> {
    const { clock } = this.#world;
    const start = clock.monotonic();
    this.#sky.setClimate(this.#plan.climate);
    const ends: Fault[] = [];
    const passTo = async (at: number): Promise<void> => {
      await clock.run(Math.max(0, start + at - clock.monotonic()));
      this.#look();
    };
    const endBefore = async (at: number): Promise<void> => {
      ends.sort((one, other) => one.at + one.forMs - other.at - other.forMs);
      while (ends[0] !== undefined && ends[0].at + ends[0].forMs <= at) {
        const fault = ends.shift() as Fault;
        await passTo(fault.at + fault.forMs);
        this.#sky.end(fault);
        this.#changed(fault.what.kind);
      }
    };
    for (const fault of this.#plan.faults) {
      await endBefore(fault.at);
      await passTo(fault.at);
      this.#world.internet.note(`fault ${fault.number}`);
      if (isBlow(fault.what)) this.#strike(fault.what);
      else {
        ends.push(fault);
        this.#sky.begin(fault);
        this.#changed(fault.what.kind);
      }
    }
    await endBefore(this.#plan.forMs);
    await passTo(this.#plan.forMs);
  }

  /** Nothing is wrong any more: how long until every egress is in use again, and does all leave? */
  async heal(): Promise<void> {
    const { clock } = this.#world;
    this.#sky.clear();
    this.#changed('pause');
    this.#changed('drain');
    this.#changed('configuration');
    await this.#awaitEgresses();
    this.#calmAt = clock.monotonic();
    await clock.run(calmMs);
    await clock.await(this.#clients.stop());
    for (let waited = 0; waited < 24 && this.#disk.messages.size > 0; waited++) {
      await clock.run(hour / 2);
      this.#look();
    }
    await this.#awaitAllUp();
  }

  async end(): Promise<Outcome> {
    const { clock, deliveries, gateway, internet, worldReceivers } = this.#world;
    const queued = new Set([...this.#disk.messages.values()].map(({ message }) => message.reversePath));
    this.#over = true;
    const last = this.#life;
    await this.#stop(last);
    await clock.run(hour);
    const receivers = [...worldReceivers, ...this.#smartHosts];
    return {
      plan: this.#plan,
      acknowledged: this.#clients.acknowledged,
      deliveries,
      trace: this.#trace.events,
      severed: this.#severed,
      queued,
      identities: new Map([...this.#world.identities(), [third.address, third.ehlo]]),
      given: new Set(receivers.flatMap(({ identities }) => [...identities.keys()])),
      refusedForGood: this.#refusedForGood,
      complaints: this.#complaints,
      calmAt: this.#calmAt,
      mostSockets: this.#mostSockets,
      leftSockets: gateway.sockets,
      leftTimers: last?.process.timers ?? 0,
      work: last === null ? this.#work : together(this.#work, last.process),
      lives: this.#lives,
      fingerprint: internet.fingerprint(),
      simulatedMs: clock.monotonic(),
    };
  }

  get #sky(): Weather {
    if (this.#weather === null) throw new Error('The town has not been started.');
    return this.#weather;
  }

  // The operator, and the service manager.

  /** Starts the gateway again whenever it has ended. */
  async #keepAlive(): Promise<void> {
    const { clock } = this.#world;
    while (!this.#over) {
      const life = new Life({
        world: this.#world,
        random: this.#random.fork(),
        disk: this.#disk,
        trace: this.#trace,
        files: this.#files,
        uncommon: this.#plan.uncommon,
        heard: event => this.#heard(event),
      });
      this.#life = life;
      this.#lives += 1;
      this.#taken = this.#sky.settings;
      const trouble = await life.start(this.#taken);
      if (trouble === null) {
        this.#changed('configuration');
        this.#changed('drain');
        await life.dead;
      }
      life.process.kill();
      this.#noteSevered();
      this.#work = together(this.#work, life.process);
      await clock.sleep(this.#downMs);
      this.#downMs = 2 * second;
    }
  }

  /** A spell of this kind began or ended: what the process and its operator make of it. */
  #changed(kind: Fault['what']['kind']): void {
    const life = this.#life;
    if (life === null) return;
    if (kind === 'pause') {
      if (this.#sky.paused) life.process.stop();
      else life.process.goOn();
    }
    if (kind === 'configuration') void life.order(() => this.#reload(life));
    if (kind === 'drain') {
      const { drained } = this.#sky;
      void life.order(async gateway => {
        for (const { name } of gateway.uplinks())
          await (drained.has(name) ? gateway.drain(name, null, 'by hand') : gateway.resume(name));
      });
    }
  }

  async #reload({ gateway }: Life): Promise<void> {
    const wanted = this.#sky.settings;
    if (wanted === this.#taken || gateway === null) return;
    this.#taken = wanted;
    this.#takenAt = this.#world.clock.monotonic();
    const taken = await gateway.reload(wanted);
    if (!taken.ok) this.#complain(`A reload failed: ${taken.error}`);
    // What was drained may have been away, and is back.
    this.#changed('drain');
  }

  #strike(blow: Blow): void {
    const { clock } = this.#world;
    const life = this.#life;
    switch (blow.kind) {
      case 'clock':
        clock.jumpWall(blow.jumpMs);
        return;
      case 'drill':
        void life?.order(async gateway => {
          void gateway.drill(null, minute, () => undefined, new AbortController().signal);
        });
        return;
      case 'restart':
        void this.#stop(life).then(() => life?.process.kill());
        return;
      case 'crash': {
        if (life === null) return;
        life.pending = blow.pending;
        this.#downMs = blow.downMs;
        life.process.killAfter(blow.steps);
        // Where nothing happens it takes no step.
        clock.after(minute, () => life.process.kill());
        return;
      }
      default:
        blow satisfies never;
    }
  }

  async #stop(life: Life | null): Promise<void> {
    if (life === null) return;
    const stopped = life.order(gateway => gateway.stop());
    let done = false;
    void stopped.then(() => {
      done = true;
    });
    if (!this.#over) {
      const late = this.#world.clock.sleep(longestStopMs);
      await Promise.race([stopped, late]);
    } else await this.#world.clock.runUntil(() => done, longestStopMs);
    if (!done && this.#over) this.#complain('The gateway did not stop in time.');
  }

  // What is seen.

  /** Each egress is to be usable soon, or after the time for which it says that it proves itself. */
  async #awaitEgresses(): Promise<void> {
    const down = (): readonly EgressReport[] =>
      this.#egresses().filter(({ state }) => state === 'down' || state === 'drained');
    if (await this.#lookUntil(() => down().length === 0, soundWithinMs)) return;
    const proofsMs = down().map(
      ({ reason }) => second * Number(/proving itself for (\d+) s/.exec(reason)?.[1] ?? 0),
    );
    if (
      await this.#lookUntil(() => down().length === 0, Math.min(hour, Math.max(...proofsMs)) + soundWithinMs)
    )
      return;
    for (const { id, state, reason } of down())
      this.#complain(`${id} is ${state} though all is well: ${reason}`);
  }

  /** What was degraded has its former rank again in the end. */
  async #awaitAllUp(): Promise<void> {
    const rest = (): readonly EgressReport[] => this.#egresses().filter(({ state }) => state !== 'up');
    if (await this.#lookUntil(() => rest().length === 0, longestProofMs)) return;
    for (const { id, state, reason } of rest())
      this.#complain(`${id} is ${state} hours after all was healed: ${reason}`);
  }

  async #lookUntil(reached: () => boolean, ms: number): Promise<boolean> {
    const { clock } = this.#world;
    for (const end = clock.monotonic() + ms; !reached() && clock.monotonic() < end; ) await clock.run(second);
    return reached();
  }

  #egresses(): readonly EgressReport[] {
    return this.#life?.gateway?.uplinks().flatMap(({ egresses }) => egresses) ?? [noGateway];
  }

  #heard(event: GatewayEvent): void {
    if (event.kind === 'egress' && event.reason === '')
      this.#complain(`${event.id} became ${event.state} without a reason.`);
  }

  /** What the ended gateway held leases for: it may be under way or through, and nobody will say. */
  #noteSevered(): void {
    const traced = this.#trace.events.length;
    for (const [id, { recipients }] of this.#disk.messages)
      for (const { lease, forwardPath } of recipients.values())
        if (lease !== null) this.#severed.push({ id, recipient: forwardPath, traced });
  }

  #look(): void {
    this.#mostSockets = Math.max(this.#mostSockets, this.#world.gateway.sockets);
  }

  #complain(what: string): void {
    this.#complaints.push(`${what} (at ${(this.#world.clock.monotonic() / minute).toFixed(2)} min)`);
  }

  // The world.

  #whim(receiver: number, stage: WhimStage, mailFrom: string | null, from: string): string | null {
    const { later, never, hangUp } = this.#sky.moodOf(receiver);
    const isAboutMail = stage === 'rcpt' || stage === 'data' || stage === 'dot';
    if (stage === 'rcpt' && from === '203.0.113.40' && this.#sky.dislikes(receiver)) {
      if (!this.#isStandIn(receiver)) this.#refusedForGood.add(mailFrom ?? '');
      return '550 5.7.1 Your address is on a list';
    }
    if (hangUp > 0 && this.#random.chance(hangUp)) return '421 4.3.2 Come later';
    if (later > 0 && this.#random.chance(later)) return '451 4.3.0 Not just now';
    if (isAboutMail && never > 0 && this.#random.chance(never)) {
      this.#refusedForGood.add(mailFrom ?? '');
      return stage === 'rcpt' ? '550 5.1.1 No such user here' : '554 5.6.0 Not like this';
    }
    return null;
  }

  /** Is isp2 surely no more than a stand-in for mail to this receiver? `shop.example` has it by a route of its own. */
  #isStandIn(receiver: number): boolean {
    const isUsual = this.#taken.uplinks.some(({ name }) => name === 'isp1') && !this.#sky.drained.has('isp1');
    const isSettled = this.#world.clock.monotonic() - this.#takenAt > 10 * minute;
    return receiver !== 3 && isUsual && isSettled;
  }
}

const noGateway = { id: 'The gateway', state: 'down', reason: 'it does not run' } as EgressReport;

function isBlow(what: Spell | Blow): what is Blow {
  return what.kind === 'clock' || what.kind === 'drill' || what.kind === 'restart' || what.kind === 'crash';
}
