import type { UplinkSetting } from '../../decision/egress/egress.ts';
import { expectedReplyMs, headStartMs } from '../../decision/egress/head-start.ts';
import { stateOf } from '../../decision/egress/health.ts';
import type { EgressSnapshot, EgressState, EgressView, Fitness } from '../../decision/egress/health-state.ts';
import type { Sighting } from '../../decision/egress/observation.ts';
import type { HostAddress, Route } from '../../decision/egress/route.ts';
import type { EventStream } from '../events.ts';
import type { EgressTest, UplinkReport } from '../gateway-control.ts';
import type { Clock, Network, QueueStore, Random, Result, Timer } from '../ports.ts';
import { DrainedUplinks } from './drained-uplinks.ts';
import { type Drain, Drains } from './drains.ts';
import { EgressBoard } from './egress-board.ts';
import type { EgressEntry } from './egress-entry.ts';
import { HealthKeeper } from './health-keeper.ts';
import { HostStanding } from './host-standing.ts';
import { KeptHosts } from './kept-hosts.ts';
import { KnownHosts } from './known-hosts.ts';
import { LoopWatch } from './loop-watch.ts';
import { countMessage } from './message-count.ts';
import { NamedTargets } from './named-targets.ts';
import { ProbeSchedule } from './probe-schedule.ts';
import { Roster } from './roster.ts';
import { RouteBlame } from './route-blame.ts';
import { Sightings } from './sightings.ts';
import { Suspicion } from './suspicion.ts';
import { RouteTimes } from './time-samples.ts';
import { uplinkReport } from './uplink-report.ts';
import { UplinkTests } from './uplink-tests.ts';

const saveHostsMs = 60_000;
/** The host's routing is looked at so often even where nothing told of a change. */
const lookMs = 30_000;

export type MonitorPorts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventStream;
  readonly remember: QueueStore['remember'];
  readonly recall: QueueStore['recall'];
  /** Looks up the addresses of a host named in `probe`; empty where there are none or the name service is silent. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
};

/**
 * Keeps the health of every egress: hears what deliveries see, probes, watches the host, and publishes an immutable
 * snapshot that is replaced at each change.
 *
 * What is seen goes through `Sightings` to `HealthKeeper`; this class wires them, holds the configuration, and is what
 * delivery asks. Nothing here throws for what the network does.
 */
export class EgressMonitor {
  readonly #ports: MonitorPorts;
  readonly #clock: Clock;
  readonly #events: EventStream;
  readonly #roster: Roster;
  readonly #board = new EgressBoard();
  readonly #hosts = new KnownHosts();
  readonly #kept: KeptHosts;
  readonly #connects = new RouteTimes();
  readonly #replies = new RouteTimes();
  readonly #blame: RouteBlame;
  readonly #loop: LoopWatch;
  readonly #drains: Drains;
  readonly #drained: DrainedUplinks;
  readonly #standing: HostStanding;
  readonly #probes: ProbeSchedule;
  readonly #tests: UplinkTests;
  readonly #health: HealthKeeper;
  readonly #sightings: Sightings;
  readonly #closing: (() => void)[] = [];
  #running = false;

  constructor(ports: MonitorPorts) {
    const { network, clock, random, events, remember, recall } = ports;
    this.#ports = ports;
    this.#clock = clock;
    this.#events = events;
    this.#roster = new Roster(clock);
    this.#blame = new RouteBlame(clock, events);
    this.#loop = new LoopWatch(clock);
    this.#kept = new KeptHosts(this.#hosts, clock, { remember, recall });
    this.#drains = new Drains({ remember, recall });
    this.#drained = new DrainedUplinks({
      clock,
      drains: this.#drains,
      entriesOf: name => this.#roster.ofUplink(name),
      step: (entry, observation) => this.#health.step(entry, observation),
    });
    const named = new NamedTargets(clock, ports.resolve ?? (async () => []));
    const observe = (egressId: string, sighting: Sighting): void => this.observe(egressId, sighting);
    this.#probes = new ProbeSchedule({ network, clock, random, events, observe }, this.#hosts, named);
    this.#tests = new UplinkTests({ network, clock, roster: this.#roster, probes: this.#probes, observe });
    this.#standing = new HostStanding({
      network,
      clock,
      events,
      bind: (entry, source) => this.#bind(entry, source),
      condition: (entry, condition) =>
        this.#health.step(entry, { kind: 'host', at: clock.monotonic(), condition }),
    });
    const isEvidenceTrusted = (): boolean => this.isEvidenceTrusted();
    const seen = { clock, roster: this.#roster, hosts: this.#hosts, probes: this.#probes };
    const suspicion = new Suspicion(
      { network, clock, observe, isEvidenceTrusted },
      { ...seen, blame: this.#blame, connects: this.#connects, replies: this.#replies },
    );
    this.#health = new HealthKeeper({ ...seen, events, board: this.#board, suspicion, isEvidenceTrusted });
    this.#sightings = new Sightings({
      ...seen,
      connects: this.#connects,
      blame: this.#blame,
      health: this.#health,
      standing: this.#standing,
      suspicion,
      look: () => this.#look(),
    });
  }

  /** Resolves when the host was looked at; the snapshot is true from then on. */
  async start(uplinks: readonly UplinkSetting[]): Promise<void> {
    this.#running = true;
    await this.#drains.load(this.#clock.now());
    await this.#kept.load();
    this.#configure(uplinks);
    this.#loop.start();
    const watch = this.#ports.network.watchHost(() => this.#look());
    const unsubscribe = this.#events.subscribe(event => {
      if (event.kind === 'message') countMessage(event.trace, this.#roster.all(), this.#clock.monotonic());
    });
    this.#closing.push(() => watch.close(), unsubscribe);
    this.#repeat(lookMs, () => this.#look());
    this.#repeat(saveHostsMs, () => void this.#kept.save());
    await this.#lookNow();
    for (const entry of this.#roster.all()) this.#probes.arm(entry, 'soon');
  }

  /** Takes a changed configuration into use; an egress that stays keeps its health. */
  reload(uplinks: readonly UplinkSetting[]): void {
    const held = [...this.#roster.all()].filter(({ isHeldBack }) => isHeldBack);
    this.#configure(uplinks);
    for (const entry of held) if (!entry.isHeldBack) this.#cameBack(entry, 'drained');
    this.#look();
    for (const entry of this.#roster.all()) this.#probes.arm(entry, 'soon');
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#loop.stop();
    this.#probes.stop();
    for (const close of this.#closing.splice(0)) close();
    for (const entry of this.#roster.all()) entry.stop();
    await this.#kept.save();
  }

  snapshot(): EgressSnapshot {
    return this.#board.snapshot;
  }

  /** Tells of every change of an egress's state, after the snapshot was replaced. Gives the way to stop listening. */
  onChange(listener: (view: EgressView, previous: EgressState) => void): () => void {
    return this.#board.onChange(listener);
  }

  /** Tells when an egress took another address, or lost its own, after the snapshot was replaced. */
  onAddress(listener: () => void): () => void {
    return this.#board.onAddress(listener);
  }

  /** What a delivery or a probe saw of an egress. */
  observe(egressId: string, sighting: Sighting): void {
    this.#sightings.observe(egressId, sighting);
  }

  /**
   * What the tests of an egress's identity say now; the reason is '' while it is fit. To listeners one that is held back
   * for it is as good as drained, and one that was last comes back as from `degraded`.
   */
  judge(egressId: string, fit: Fitness, reason: string): void {
    const entry = this.#roster.get(egressId);
    if (entry === undefined) return;
    const before = entry.fitness.fit;
    entry.fitness = { fit, reason };
    this.#publish();
    if ((fit === 'unfit') === (before === 'unfit')) return;
    const held = entry.uplink.whenUnfit === 'hold';
    if (fit !== 'unfit') this.#cameBack(entry, held ? 'drained' : 'degraded');
    else if (held && entry.usable)
      this.#board.tell({ ...entry.view(), state: 'drained', reason }, entry.health.state);
  }

  /** How long this egress may connect alone before the next one starts beside it. */
  headStartMs(egressId: string, site: string): number {
    return headStartMs(this.#connects.p95(egressId, site));
  }

  /** A session of this egress that is silent for longer is suspicious. */
  expectedReplyMs(egressId: string, site: string): number {
    return expectedReplyMs(this.#replies.p95(egressId, site));
  }

  recordReply(egressId: string, site: string, elapsedMs: number): void {
    if (this.#roster.get(egressId) !== undefined) this.#replies.add(egressId, site, elapsedMs);
  }

  /** The receiver refuses our identity on this route: it comes last for a while. Who saw the refusal tells of it. */
  penalise(route: Route, reason: string): void {
    this.#blame.refused(route, reason);
  }

  /** Tells of every such refusal; `reason` holds the reply. Gives the way to stop listening. */
  onRefusal(listener: (egressId: string, reason: string) => void): () => void {
    return this.#blame.onRefusal(listener);
  }

  /** Egress IDs that should come last to this host, each with its reason. */
  penalties(to: HostAddress): ReadonlyMap<string, string> {
    return this.#blame.of(to);
  }

  /**
   * Probes now: is the link dead, or is only the receiver slow? `silent` as soon as that is likely (the usual connect
   * time is over and another egress has reached the host), `answers` at the first sign of life. `dueAt`: when the
   * answer should have come; where the egress lived after that, the receiver is slow, and no probe is needed to know it.
   */
  suspect(egressId: string, site: string, to: HostAddress, dueAt?: number): Promise<'answers' | 'silent'> {
    return this.#sightings.suspect(egressId, site, to, dueAt);
  }

  /**
   * A host that mail waits for while no uplink can be used: it is probed, so that its answer can end the wait even where
   * no host is known yet.
   */
  consider(site: string, to: HostAddress): void {
    this.#probes.consider(site, to);
  }

  /** False while our own event loop is late: then silence proves nothing. */
  isEvidenceTrusted(): boolean {
    return this.#loop.isTrusted();
  }

  /** Some uplink can be used now. */
  anyUsable(): boolean {
    return this.#roster.anyUsable();
  }

  /** Takes an uplink out of use by hand; `untilMs` is wall time, null: until resumed. Kept over restarts. */
  async drain(name: string, untilMs: number | null, reason: string): Promise<Result<void, string>> {
    return this.#setDrain(name, { since: this.#clock.now(), until: untilMs, reason });
  }

  async resume(name: string): Promise<Result<void, string>> {
    return this.#setDrain(name, null);
  }

  reports(): readonly UplinkReport[] {
    const now = this.#clock.monotonic();
    return this.#roster.uplinks.map(uplink =>
      uplinkReport(
        uplink,
        this.#roster.ofUplink(uplink.name),
        egressId => this.#connects.ofEgress(egressId),
        now,
      ),
    );
  }

  /** Connect, greeting and EHLO through each egress of the uplink, now. The error tells that there is no such uplink. */
  test(name: string): Promise<Result<readonly EgressTest[], string>> {
    return this.#tests.run(name);
  }

  #configure(uplinks: readonly UplinkSetting[]): void {
    for (const entry of this.#roster.configure(uplinks)) this.#forget(entry);
    for (const entry of this.#roster.all()) this.#drained.adopt(entry);
    this.#publish();
  }

  #forget(entry: EgressEntry): void {
    entry.stop();
    this.#connects.forget(entry.id);
    this.#replies.forget(entry.id);
    this.#hosts.forgetEgress(entry.id);
  }

  #look(): void {
    if (this.#running) void this.#lookNow();
  }

  #lookNow(): Promise<void> {
    return this.#standing.look([...this.#roster.all()]);
  }

  /** Takes the address that the egress has now. What stood on another one is gone, and whoever waited for one goes on. */
  #bind(entry: EgressEntry, source: string | null): void {
    const before = entry.egress?.source ?? null;
    if (!entry.bind(source)) return;
    this.#publish();
    this.#board.tellAddress();
    if (source === null || entry.health.state === 'down') return;
    if (before !== null) {
      const reason = `its address is ${source} now, no longer ${before}`;
      this.#events.emit({
        kind: 'notice',
        at: this.#clock.now(),
        subject: `host ${entry.id}`,
        message: `The address of ${entry.id} is ${source} now, no longer ${before}: what was under way begins anew.`,
      });
      this.#board.tell({ ...entry.view(), state: 'down', reason }, stateOf(entry.health));
    }
    this.#cameBack(entry, 'down');
  }

  async #setDrain(name: string, drain: Drain | null): Promise<Result<void, string>> {
    if (this.#roster.ofUplink(name).length === 0) return this.#roster.noSuchUplink(name);
    const notKept = await this.#drained.set(name, drain);
    if (notKept === null) return { ok: true, value: undefined };
    return { ok: false, error: `Done, but it will not outlast a restart: ${notKept}` };
  }

  /** It may be used for new mail again; whoever waited for it goes on. */
  #cameBack(entry: EgressEntry, previous: EgressState): void {
    if (entry.usable && this.#roster.get(entry.id) === entry) this.#board.tell(entry.view(), previous);
  }

  #publish(): void {
    this.#board.publish(this.#roster.all());
  }

  #repeat(ms: number, act: () => void): void {
    const arm = (): Timer =>
      this.#clock.timer(ms, () => {
        act();
        if (this.#running) timer = arm();
      });
    let timer = arm();
    this.#closing.push(() => timer.cancel());
  }
}
