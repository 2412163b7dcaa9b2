import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mistakeText } from '../../config/mistake.ts';
import { readSettings } from '../../config/read-settings.ts';
import { Gateway } from '../../runtime/gateway.ts';
import { realWeb } from '../../runtime/net/real-web.ts';
import type { Result } from '../../runtime/ports.ts';
import { openSqliteStore } from '../../runtime/queue/sqlite-store.ts';
import { openTraceStore } from '../../runtime/queue/trace-store.ts';
import { realClock, realRandom } from '../../runtime/real-clock.ts';
import { realFiles } from '../../runtime/real-files.ts';
import { realProcesses } from '../../runtime/real-processes.ts';
import { composeMessage } from './compose.ts';
import { demoConfig } from './demo-config.ts';
import type { Delivery } from './receiver-session.ts';
import { Screen, type ScreenOutput, type TableRow } from './screen.ts';
import { SteadySender } from './steady-sender.ts';
import { type Reckoning, Tally } from './tally.ts';
import type { DemoWorld, OnDelivery } from './world.ts';

const messagesPerSecond = 20;
const flowMs = 3_500;
const cutMs = 5_000;
const returnLimitMs = 9_000;
const returnedMs = 2_500;
const drainLimitMs = 5_000;

/** What `demo --json` prints as its last line. */
export type DemoReport = {
  readonly accepted: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly by_uplink: Record<string, { messages: number; source: string; ehlo: string }>;
  readonly failover: { readonly added_delay_ms: { p50: number; p99: number; max: number } | null };
};

export type PlaySetting = {
  readonly output: ScreenOutput;
  /** Aborted when the user has seen enough. */
  readonly stop: AbortSignal;
};

/**
 * Plays the main job in a world: the real gateway, with a configuration file as an operator writes it, under steady
 * mail; isp1's cable is pulled and put back. Gives the report; an error is a sentence that says what could not be set
 * up. Leaves nothing behind.
 */
export async function play(
  openWorld: (onDelivery: OnDelivery) => Promise<Result<DemoWorld, string>>,
  setting: PlaySetting,
): Promise<Result<DemoReport, string>> {
  const tally = new Tally();
  const seen: { onDelivery: (delivery: Delivery) => void } = { onDelivery: () => {} };
  const world = await openWorld(delivery => {
    tally.delivered(delivery);
    seen.onDelivery(delivery);
  });
  if (!world.ok) return world;
  const directory = await mkdtemp(join(tmpdir(), 'postern-demo-'));
  try {
    const opened = await openGateway(world.value, directory);
    if (!opened.ok) return opened;
    const run = new Run(world.value, opened.value.gateway, tally, setting);
    seen.onDelivery = delivery => run.delivered(delivery);
    try {
      return { ok: true, value: await run.play() };
    } finally {
      await opened.value.close();
    }
  } finally {
    await world.value.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function openGateway(
  world: DemoWorld,
  directory: string,
): Promise<Result<{ gateway: Gateway; close(): Promise<void> }, string>> {
  const stateDir = join(directory, 'state');
  const file = join(directory, 'postern.yaml');
  await mkdir(stateDir, { mode: 0o700 });
  await writeFile(file, demoConfig(world, stateDir));
  const read = await readSettings(file);
  if (!read.ok)
    return {
      ok: false,
      error: `The demo's configuration was refused: ${read.error.map(mistakeText).join(' ')}`,
    };
  const store = await openSqliteStore({ directory: stateDir });
  if (!store.ok) return { ok: false, error: store.error.message };
  const trace = await openTraceStore({ directory: stateDir });
  if (!trace.ok) {
    await store.value.close();
    return { ok: false, error: trace.error.message };
  }
  const ports = {
    clock: realClock,
    random: realRandom,
    network: world.network,
    store: store.value,
    trace: trace.value,
    files: realFiles(),
    processes: realProcesses(),
    web: realWeb(),
  };
  const closeStores = async (): Promise<void> => {
    await trace.value.close();
    await store.value.close();
  };
  const gateway = await Gateway.start(ports, read.value.settings);
  if (!gateway.ok) {
    await closeStores();
    return gateway;
  }
  return {
    ok: true,
    value: {
      gateway: gateway.value,
      async close() {
        await gateway.value.stop();
        await closeStores();
      },
    },
  };
}

/** One playing of the demo. */
class Run {
  readonly #world: DemoWorld;
  readonly #gateway: Gateway;
  readonly #tally: Tally;
  readonly #screen: Screen;
  readonly #stop: AbortSignal;
  readonly #begun = realClock.monotonic();
  readonly #messages = new Map<string, number>();
  readonly #lastEvents = new Map<string, string>();
  #cable: 'in' | 'out' = 'in';
  #cut: { at: number; healedAt: number } | null = null;
  #returned = 0;

  constructor(world: DemoWorld, gateway: Gateway, tally: Tally, setting: PlaySetting) {
    this.#world = world;
    this.#gateway = gateway;
    this.#tally = tally;
    this.#screen = new Screen(setting.output);
    this.#stop = setting.stop;
  }

  delivered({ remoteAddress, startedAt }: Delivery): void {
    const uplink = this.#uplinkOf(remoteAddress);
    this.#messages.set(uplink, (this.#messages.get(uplink) ?? 0) + 1);
    if (uplink === 'isp1' && this.#cut !== null && startedAt >= this.#cut.healedAt) this.#returned += 1;
  }

  async play(): Promise<DemoReport> {
    this.#say(this.#world.cable);
    const unsubscribe = this.#gateway.events.subscribe(event => {
      if (event.kind !== 'egress') return;
      this.#lastEvents.set(event.uplink, `${this.#elapsed()} s: ${event.state}, ${event.reason}`);
      this.#say(`${event.uplink} is ${event.state}: ${event.reason}`);
    });
    const sender = this.#sender();
    const drawing = this.#keepDrawing();
    try {
      this.#say(
        `Mail flows: ${messagesPerSecond} messages a second to two sites that refuse a name that does not fit.`,
      );
      sender.start(1000 / messagesPerSecond);
      await this.#pause(flowMs);
      await this.#pullAndRestore();
    } finally {
      await sender.stop();
      unsubscribe();
    }
    await this.#waitUntil(() => this.#tally.missing().length === 0, drainLimitMs);
    drawing.abort();
    this.#draw();
    this.#screen.settle();
    return this.#report();
  }

  async #pullAndRestore(): Promise<void> {
    if (this.#stop.aborted) return;
    this.#cut = { at: realClock.now(), healedAt: Number.POSITIVE_INFINITY };
    const pulled = await this.#world.pull();
    this.#cable = 'out';
    this.#say(pulled.ok ? "isp1's cable is pulled." : `isp1's cable could not be pulled: ${pulled.error}`);
    await this.#pause(cutMs);
    const restored = await this.#world.restore();
    this.#cut = { ...this.#cut, healedAt: realClock.now() };
    this.#cable = 'in';
    this.#say(
      restored.ok ? "isp1's cable is back." : `isp1's cable could not be put back: ${restored.error}`,
    );
    await this.#waitUntil(() => this.#returned > 0, returnLimitMs);
    if (this.#returned > 0) this.#say('Mail is back on isp1.');
    await this.#pause(returnedMs);
  }

  #sender(): SteadySender {
    const run = `${realClock.now().toString(36)}`;
    return new SteadySender({
      network: this.#world.network,
      clock: realClock,
      target: this.#world.listen,
      source: null,
      ehlo: 'user.example.com',
      compose: n =>
        composeMessage(
          {
            label: `demo.${run}`,
            mailFrom: 'user@example.com',
            recipients: ['someone@remote.example', 'someone@other.example'],
            sizeBytes: 2000,
          },
          n,
          realClock.now(),
        ),
      onAccepted: (messageId, at) => this.#tally.accepted(messageId, at),
    });
  }

  #report(): DemoReport {
    const reckoning = this.#tally.reckon(this.#cut);
    this.#summary(reckoning);
    const by_uplink: DemoReport['by_uplink'] = {};
    for (const { source, ehlo, messages } of reckoning.byIdentity) {
      const uplink = this.#uplinkOf(source);
      by_uplink[uplink] = { messages: messages + (by_uplink[uplink]?.messages ?? 0), source, ehlo };
    }
    return {
      accepted: reckoning.accepted,
      delivered: reckoning.delivered,
      lost: reckoning.lost.length,
      duplicates: reckoning.duplicates,
      by_uplink,
      failover: { added_delay_ms: reckoning.addedDelayMs },
    };
  }

  #summary(reckoning: Reckoning): void {
    const say = (line: string): void => this.#screen.say(line);
    say('');
    say(
      `${reckoning.accepted} messages accepted, ${reckoning.delivered} delivered, ${reckoning.lost.length} lost, ${reckoning.duplicates} doubled.`,
    );
    for (const { source, ehlo, messages } of reckoning.byIdentity) {
      say(`${messages} left by ${this.#uplinkOf(source)}, from ${source} as ${ehlo}.`);
    }
    const added = reckoning.addedDelayMs;
    if (added !== null) {
      say(
        `The cut delayed the ${reckoning.affected} messages that it met by ${added.p50} ms at the median, ${added.p99} ms at the 99th percentile, ${added.max} ms at most.`,
      );
    }
  }

  #rows(): TableRow[] {
    return this.#gateway.uplinks().map(report => ({
      uplink: report.name,
      source: report.egresses[0]?.source ?? '',
      ehlo: report.egresses[0]?.ehlo ?? '',
      state: report.state,
      messages: this.#messages.get(report.name) ?? 0,
      lastEvent: this.#lastEvents.get(report.name) ?? '',
    }));
  }

  #draw(): void {
    const { accepted, delivered } = this.#tally.counts();
    this.#screen.draw({
      elapsedMs: realClock.monotonic() - this.#begun,
      cable: this.#cable,
      accepted,
      delivered,
      rows: this.#rows(),
    });
  }

  #keepDrawing(): AbortController {
    const ended = new AbortController();
    const again = (): void => {
      if (ended.signal.aborted) return;
      this.#draw();
      realClock.timer(200, again);
    };
    again();
    return ended;
  }

  #uplinkOf(source: string): string {
    if (source === this.#world.sources.isp1) return 'isp1';
    return source === this.#world.sources.isp2 ? 'isp2' : source;
  }

  #elapsed(): string {
    return ((realClock.monotonic() - this.#begun) / 1000).toFixed(1);
  }

  #say(line: string): void {
    this.#screen.say(`${this.#elapsed().padStart(5)} s  ${line}`);
    this.#draw();
  }

  async #pause(ms: number): Promise<void> {
    if (!this.#stop.aborted) await realClock.sleep(ms, this.#stop);
  }

  async #waitUntil(holds: () => boolean, limitMs: number): Promise<void> {
    const end = realClock.monotonic() + limitMs;
    while (!holds() && !this.#stop.aborted && realClock.monotonic() < end) await this.#pause(50);
  }
}
