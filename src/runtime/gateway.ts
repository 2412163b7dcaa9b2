import { withSmartHostProbes } from '../decision/egress/smart-host-probe.ts';
import type { GatewaySettings } from '../decision/gateway-settings.ts';
import { MessageIds } from '../decision/queue/message-id.ts';
import { Primaries } from './backup/primaries.ts';
import { Dispatcher } from './delivery/dispatcher.ts';
import { NextHopFinder } from './dns/next-hop-finder.ts';
import { Resolver } from './dns/resolver.ts';
import { DrillSchedule } from './drill/drill-schedule.ts';
import { Drills } from './drill/drills.ts';
import { EgressMonitor } from './egress/monitor.ts';
import { UplinkNews } from './egress/uplink-news.ts';
import { EventStream, messageEvent } from './events.ts';
import type {
  DrillProgress,
  DrillReport,
  EgressTest,
  GatewayControl,
  NotifyTest,
  QueueStanding,
  UplinkReport,
} from './gateway-control.ts';
import { IdentityWatch } from './identity/identity-watch.ts';
import { testUplink } from './identity/uplink-test.ts';
import { Intake } from './inbound/intake.ts';
import { Listeners } from './inbound/listeners.ts';
import { Notifier } from './notify/notifier.ts';
import { OutageLog } from './outage-log.ts';
import type {
  Clock,
  Files,
  Network,
  Processes,
  QueueStore,
  Random,
  Result,
  TraceStore,
  Web,
} from './ports.ts';
import { RecipientChecks } from './recipients/recipient-checks.ts';
import { certificateSettings, deliverySettings, finderSettings, inboundSettings } from './room-settings.ts';
import { Certificates } from './tls/certificates.ts';
import { DiskWatch } from './watch/disk-watch.ts';
import { QueueWatch } from './watch/queue-watch.ts';
import { watchTrace } from './watch/trace-watch.ts';

/** The doors to the world; opened and closed by whoever composes the gateway. */
export type GatewayPorts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly store: QueueStore;
  readonly trace: TraceStore;
  readonly files: Files;
  readonly processes: Processes;
  readonly web: Pick<Web, 'post'>;
};

/** How long a stop waits for clients whose message is under way. */
const clientGraceMs = 10_000;

/** The name under which this node holds leases; kept in the store, so that a new `hostname` orphans none. */
const nodeKey = 'node';

/** The whole gateway: doors in, queue, egresses, doors out; wired together and nothing else. */
export class Gateway implements GatewayControl {
  readonly events: EventStream;
  readonly queue: QueueStore;
  readonly trace: TraceStore;
  readonly #clock: Clock;
  readonly #monitor: EgressMonitor;
  readonly #outages: OutageLog;
  readonly #primaries: Primaries;
  readonly #recipients: RecipientChecks;
  readonly #dispatcher: Dispatcher;
  readonly #certificates: Certificates;
  readonly #listeners: Listeners;
  readonly #resolver: Resolver;
  readonly #identity: IdentityWatch;
  readonly #uplinkNews: UplinkNews;
  readonly #drills: Drills;
  readonly #drillSchedule: DrillSchedule;
  readonly #notifier: Notifier;
  readonly #queueWatch: QueueWatch;
  readonly #diskWatch: DiskWatch;
  readonly #settings: { current: GatewaySettings };

  /**
   * Starts everything in the order in which it is needed: what a life before left behind, the egresses, delivery, and
   * the doors last. Subscribers that want to hear of the start pass their own `events`.
   */
  static async start(
    ports: GatewayPorts,
    settings: GatewaySettings,
    events: EventStream = new EventStream(),
  ): Promise<Result<Gateway, string>> {
    const { store, clock } = ports;
    const owner = await nodeName(store, settings.hostname);
    const lastId = await store.lastId();
    if (!lastId.ok) return { ok: false, error: lastId.error.message };
    const recovered = await store.recover(owner, clock.now());
    if (!recovered.ok) return { ok: false, error: recovered.error.message };
    const gateway = new Gateway(ports, settings, events, owner, new MessageIds(lastId.value));
    const started = await gateway.#start(settings, recovered.value);
    if (started.ok) return { ok: true, value: gateway };
    await gateway.stop();
    return started;
  }

  private constructor(
    ports: GatewayPorts,
    settings: GatewaySettings,
    events: EventStream,
    owner: string,
    ids: MessageIds,
  ) {
    const { clock, random, network, store, trace } = ports;
    const live = { current: settings };
    this.events = events;
    this.queue = store;
    this.trace = trace;
    this.#clock = clock;
    this.#settings = live;
    this.events.subscribe(event => {
      if (event.kind === 'message') trace.record(event.trace);
    });
    this.#outages = new OutageLog(clock, store);
    this.#monitor = new EgressMonitor({
      network,
      clock,
      random,
      events,
      remember: (key, value) => store.remember(key, value),
      recall: key => store.recall(key),
      resolve: name => this.#resolver.addresses(name),
    });
    this.#resolver = new Resolver({
      network,
      clock,
      random,
      servers: () => live.current.dnsServers,
      uplinks: () => live.current.uplinks,
      snapshot: () => this.#monitor.snapshot(),
      events,
    });
    this.#uplinkNews = new UplinkNews(clock, events, () => this.#monitor.reports());
    this.#identity = new IdentityWatch({
      clock,
      events,
      resolver: this.#resolver,
      snapshot: () => this.#monitor.snapshot(),
      judged: (egressId, fit, reason) => this.#monitor.judge(egressId, fit, reason),
    });
    const finder = new NextHopFinder({
      resolver: this.#resolver,
      clock,
      random,
      settings: finderSettings(
        () => live.current,
        () => this.#monitor.snapshot(),
      ),
    });
    this.#primaries = new Primaries({
      network,
      clock,
      random,
      store,
      events,
      guide: this.#monitor,
      finder,
      settings: () => live.current,
      wake: () => this.#dispatcher.wake(),
      answers: to => this.#dispatcher.hostAnswers(to),
      left: site => this.#dispatcher.siteAway(site),
    });
    this.#recipients = new RecipientChecks({
      network,
      clock,
      random,
      store,
      events,
      files: ports.files,
      guide: this.#monitor,
      finder,
      hostname: () => live.current.hostname,
      routes: () => live.current.routes,
      isAway: domain => this.#primaries.isAway(domain),
    });
    this.#dispatcher = new Dispatcher({
      network,
      clock,
      random,
      store,
      events,
      monitor: this.#monitor,
      finder,
      outages: this.#outages,
      gate: this.#primaries,
      files: ports.files,
      resolve: name => this.#resolver.addresses(name),
      ids,
      owner,
      settings: deliverySettings(settings),
    });
    this.#notifier = new Notifier({
      clock,
      events,
      store,
      ids,
      processes: ports.processes,
      web: ports.web,
      snapshot: () => this.#monitor.snapshot(),
      hostname: () => live.current.hostname,
      wake: () => this.#dispatcher.wake(),
    });
    this.#queueWatch = new QueueWatch({ clock, events, store, settings: () => live.current.queue });
    this.#diskWatch = new DiskWatch({ clock, events, store });
    const reports = (): readonly UplinkReport[] => this.uplinks();
    this.#drills = new Drills({
      clock,
      events,
      reports,
      test: name => this.testUplink(name),
      favour: (uplink, share) => this.#dispatcher.favour(uplink, share),
      onRefusal: listener => this.#monitor.onRefusal(listener),
    });
    this.#drillSchedule = new DrillSchedule({
      clock,
      events,
      reports,
      drills: this.#drills,
      remember: (key, value) => store.remember(key, value),
      recall: key => store.recall(key),
    });
    const intake = new Intake({ store, clock, events, outlet: this.#dispatcher, owner, ids });
    this.#certificates = new Certificates({ files: ports.files, clock, events });
    this.#listeners = new Listeners(
      {
        network,
        clock,
        events,
        store,
        intake,
        recipientCheck: this.#recipients.check,
        certificates: this.#certificates,
      },
      inboundSettings(settings),
    );
  }

  async #start(settings: GatewaySettings, recovered: number): Promise<Result<void, string>> {
    await this.#notifier.start(settings.notify);
    watchTrace(this.trace, this.#clock, this.events);
    await this.#outages.start();
    this.#monitor.onChange(() => this.#outages.note(this.#monitor.anyUsable()));
    this.#monitor.onChange(() => this.#uplinkNews.look());
    await this.#monitor.start(withSmartHostProbes(settings.uplinks));
    this.#identity.start(settings.uplinks);
    this.#monitor.onAddress(() => this.#identity.look());
    this.#outages.note(this.#monitor.anyUsable());
    await this.#primaries.start();
    await this.#recipients.start(settings.domains);
    await this.#dispatcher.start();
    await this.#drillSchedule.start(settings.drill);
    this.#queueWatch.start();
    this.#diskWatch.start();
    if (recovered > 0) {
      this.events.emit({
        kind: 'notice',
        at: this.#clock.now(),
        subject: 'queue',
        message: `Postern had stopped without warning: ${recovered} recipients that were under way are in doubt and are sent again now.`,
      });
    }
    const certificates = await this.#certificates.take(certificateSettings(settings));
    if (!certificates.ok) return certificates;
    return this.#listeners.start();
  }

  /** Takes new settings without dropping a connection. The error names listeners that cannot be opened, or whose certificate cannot be used; the rest holds. */
  async reload(settings: GatewaySettings): Promise<Result<void, string>> {
    this.#settings.current = settings;
    this.#monitor.reload(withSmartHostProbes(settings.uplinks));
    this.#identity.reload(settings.uplinks);
    this.#uplinkNews.look();
    await this.#drillSchedule.reload(settings.drill);
    this.#outages.note(this.#monitor.anyUsable());
    this.#primaries.reload();
    await this.#recipients.reload(settings.domains);
    this.#dispatcher.reload(deliverySettings(settings));
    this.#notifier.reload(settings.notify);
    const certificates = await this.#certificates.take(certificateSettings(settings));
    const listeners = await this.#listeners.reload(inboundSettings(settings));
    return allErrors(certificates, listeners);
  }

  /** No new mail, then what is under way ends or is handed back. The ports stay open: who opened them closes them. */
  async stop(): Promise<void> {
    await this.#listeners.stop(clientGraceMs);
    this.#certificates.stop();
    this.#primaries.stop();
    await this.#recipients.stop();
    this.#drillSchedule.stop();
    this.#drills.stop();
    await this.#dispatcher.stop();
    await Promise.all([this.#notifier.stop(), this.#queueWatch.stop(), this.#diskWatch.stop()]);
    this.#identity.stop();
    await this.#monitor.stop();
    this.#resolver.close();
  }

  uplinks(): readonly UplinkReport[] {
    return this.#monitor.reports();
  }

  testUplink(name: string): Promise<Result<readonly EgressTest[], string>> {
    const sessions = (uplink: string) => this.#monitor.test(uplink);
    const identities = (uplink: string) => this.#identity.test(uplink);
    return testUplink({ sessions, identities }, name);
  }

  drain(name: string, untilMs: number | null, reason: string): Promise<Result<void, string>> {
    return this.#monitor.drain(name, untilMs, reason);
  }

  resume(name: string): Promise<Result<void, string>> {
    return this.#monitor.resume(name);
  }

  drill(
    name: string | null,
    forMs: number,
    progress: (progress: DrillProgress) => void,
    signal: AbortSignal,
  ): Promise<Result<DrillReport, string>> {
    return this.#drills.run(name, forMs, progress, signal);
  }

  wake(): void {
    this.#dispatcher.wake();
  }

  removed(recipients: readonly { message: string; forwardPath: string }[]): void {
    const at = this.#clock.now();
    for (const { message, forwardPath } of recipients) {
      const subject = { at, id: message, recipient: forwardPath, sender: '', event: 'removed' } as const;
      this.events.emit(messageEvent(null, subject, { reason: 'removed from the queue by hand' }));
    }
  }

  notifyTest(): Promise<readonly NotifyTest[]> {
    return this.#notifier.test();
  }

  queueStanding(): QueueStanding {
    const { freeBytes } = this.queue.space();
    return { census: this.#queueWatch.census, freeBytes, unwritable: this.#diskWatch.unwritable };
  }

  listeners(): readonly { address: string; port: number; role: string; state: string }[] {
    return this.#listeners.states();
  }
}

async function nodeName(store: QueueStore, hostname: string): Promise<string> {
  const known = await store.recall(nodeKey);
  if (known.ok && known.value !== null) return known.value;
  await store.remember(nodeKey, hostname);
  return hostname;
}

/** Sound where all are. */
function allErrors(...results: readonly Result<void, string>[]): Result<void, string> {
  const errors = results.flatMap(result => (result.ok ? [] : [result.error]));
  return errors.length === 0 ? { ok: true, value: undefined } : { ok: false, error: errors.join(' ') };
}
