import type { UplinkSetting } from '../../decision/egress/egress.ts';
import { type EgressView, isUsableState } from '../../decision/egress/health-state.ts';
import type { DnsServerSetting } from '../../decision/next-hop/dns-server.ts';
import type { NotifySetting } from '../../decision/notice/notify-setting.ts';
import type { TransportView } from '../../decision/postfix/choose-transport.ts';
import { DeferredMail } from '../../decision/postfix/deferred-mail.ts';
import type { LogSign } from '../../decision/postfix/log-line.ts';
import { serviceKey } from '../../decision/postfix/master-entry.ts';
import { isAtLeast, oldestVersion } from '../../decision/postfix/parameters.ts';
import { logNameOf, type PostfixFacts } from '../../decision/postfix/postfix-facts.ts';
import { waitingForNetwork } from '../../decision/postfix/queue-listing.ts';
import type { WantedTransport } from '../../decision/postfix/transports.ts';
import { MessageIds } from '../../decision/queue/message-id.ts';
import { Resolver } from '../dns/resolver.ts';
import { EgressMonitor } from '../egress/monitor.ts';
import { UplinkNews } from '../egress/uplink-news.ts';
import type { EventStream } from '../events.ts';
import { IdentityWatch } from '../identity/identity-watch.ts';
import { Notifier } from '../notify/notifier.ts';
import type { Clock, Network, Processes, Programs, QueueStore, Random, Result, Web } from '../ports.ts';
import { LogEvidence } from './log-evidence.ts';
import { LogFollower } from './log-follower.ts';
import type { MadePlan } from './make-plan.ts';
import type { Notes } from './notes.ts';
import type { PostfixHost } from './postfix-host.ts';
import { SendOn } from './send-on.ts';
import { TransportSwitch } from './transport-switch.ts';

/** A connect of our transports takes 4 s at most. */
const lastOfDeathMs = 5_000;

export type WatchPorts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly processes: Processes;
  readonly programs: Programs;
  readonly web: Pick<Web, 'post'>;
  readonly events: EventStream;
};

export type WatchSettings = {
  readonly hostname: string;
  readonly uplinks: readonly UplinkSetting[];
  readonly dnsServers: readonly DnsServerSetting[];
  readonly notify: readonly NotifySetting[];
};

export type WatchPlace = {
  readonly host: PostfixHost;
  readonly notes: Notes;
  /** Runs `act` while no other postern writes the configuration. */
  readonly alone: (act: () => Promise<Result<void, string>>) => Promise<Result<void, string>>;
  readonly cool: (nowMs: number) => Promise<void>;
};

/**
 * Watches the uplinks as the gateway does, hears besides what Postfix's own deliveries saw, keeps `default_transport` at an
 * uplink that can be used, and sends on what a dead one deferred. Wired together here and nothing else.
 */
export class PostfixWatch {
  readonly #monitor: EgressMonitor;
  readonly #resolver: Resolver;
  readonly #uplinkNews: UplinkNews;
  readonly #identity: IdentityWatch;
  readonly #notifier: Notifier;
  readonly #switch: TransportSwitch;
  readonly #sendOn: SendOn;
  readonly #follower: LogFollower;
  readonly #evidence: LogEvidence;
  readonly #host: PostfixHost;
  /** What was deferred before our start is known, or being asked for. */
  #knowsQueue = false;
  readonly #deferred = new DeferredMail();
  /** When the uplink of a transport came back from the dead (monotonic). */
  readonly #revived = new Map<string, number>();
  readonly #uplinks: readonly UplinkSetting[];
  readonly #transports: readonly WantedTransport[];
  readonly #ports: WatchPorts;
  readonly #settings: WatchSettings;
  readonly #facts: PostfixFacts;

  /** The error says why this Postfix cannot be watched. */
  static of(
    ports: WatchPorts,
    settings: WatchSettings,
    place: WatchPlace,
    made: MadePlan,
  ): Result<PostfixWatch, string> {
    if (!isAtLeast(made.facts.version, oldestVersion)) return { ok: false, error: made.plan.blocked ?? '' };
    const there = new Set(made.facts.master.map(serviceKey));
    const transports = made.plan.transports.filter(({ name }) => there.has(`${name}/unix`));
    if (transports.length === 0)
      return {
        ok: false,
        error: `master.cf in ${made.facts.configDirectory} has no transport of an uplink; run "postern postfix apply" first.`,
      };
    return { ok: true, value: new PostfixWatch(ports, settings, place, made.facts, transports) };
  }

  private constructor(
    ports: WatchPorts,
    settings: WatchSettings,
    { host, notes, alone, cool }: WatchPlace,
    facts: PostfixFacts,
    transports: readonly WantedTransport[],
  ) {
    const { clock, random, network, events } = ports;
    this.#ports = ports;
    this.#host = host;
    this.#settings = settings;
    this.#facts = facts;
    this.#transports = transports;
    this.#uplinks = settings.uplinks.flatMap(uplink => {
      const used = transports.find(transport => transport.uplink === uplink.name)?.egresses ?? [];
      const egresses = uplink.egresses.filter(({ id }) => used.some(egress => egress.id === id));
      return egresses.length === 0 ? [] : [{ ...uplink, egresses }];
    });
    const remember: QueueStore['remember'] = (key, value) => notes.remember(key, value);
    const recall: QueueStore['recall'] = key => notes.recall(key);
    this.#monitor = new EgressMonitor({
      network,
      clock,
      random,
      events,
      remember,
      recall,
      resolve: name => this.#resolver.addresses(name),
    });
    this.#resolver = new Resolver({
      network,
      clock,
      random,
      servers: () => settings.dnsServers,
      uplinks: () => this.#uplinks,
      snapshot: () => this.#monitor.snapshot(),
      events,
    });
    this.#uplinkNews = new UplinkNews(
      clock,
      events,
      () => this.#monitor.reports(),
      () => 'The log of Postfix and of this watch show where it stops.',
    );
    this.#identity = new IdentityWatch({
      clock,
      events,
      resolver: this.#resolver,
      snapshot: () => this.#monitor.snapshot(),
      judged: (egressId, fit, reason) => {
        this.#monitor.judge(egressId, fit, reason);
        void this.#switch.look();
      },
    });
    this.#notifier = new Notifier({
      ...ports,
      store: { remember, recall, append: message => submit(host, message) },
      ids: new MessageIds(null),
      snapshot: () => this.#monitor.snapshot(),
      hostname: () => settings.hostname,
      wake: () => undefined,
    });
    this.#switch = new TransportSwitch({
      host,
      clock,
      events,
      views: () => this.#views(),
      remember,
      recall,
      alone,
      cool,
      changed: () => this.#sendOn.wake(),
    });
    this.#sendOn = new SendOn({
      host,
      clock,
      events,
      deferred: this.#deferred,
      current: () => this.#usableTransport(),
    });
    this.#evidence = new LogEvidence(this.#monitor, clock, transports);
    this.#follower = new LogFollower({
      programs: ports.programs,
      clock,
      events,
      hear: sign => this.#hear(sign),
    });
  }

  get transports(): readonly string[] {
    return this.#transports.map(({ name }) => name);
  }

  /** What is under way is finished; Postfix stays as it is. */
  async stop(): Promise<void> {
    await this.#follower.stop();
    await Promise.all([this.#switch.stop(), this.#sendOn.stop(), this.#notifier.stop()]);
    this.#identity.stop();
    await this.#monitor.stop();
    this.#resolver.close();
  }

  async start(): Promise<void> {
    this.#tellWaysRound();
    await this.#notifier.start(this.#settings.notify);
    const file = this.#facts.expanded.get('maillog_file') ?? '';
    const logName = logNameOf(this.#facts);
    this.#follower.start({ file: file === '' ? null : file, logName, transports: this.transports });
    this.#monitor.onChange((view, previous) => {
      this.#uplinkNews.look();
      if (previous === 'down' && view.state !== 'down') this.#revive(view.uplink);
      void this.#switch.look().then(() => {
        this.#sendOn.wake();
        return this.#learnQueue();
      });
    });
    await this.#monitor.start(this.#uplinks);
    this.#identity.start(this.#uplinks);
    await this.#switch.start();
  }

  /** What an uplink deferred before we were started leaves at once too, as soon as the one in use is known to work. */
  async #learnQueue(): Promise<void> {
    if (this.#knowsQueue || !this.#isInUse(({ state }) => state === 'up' || state === 'degraded')) return;
    this.#knowsQueue = true;
    const listed = await this.#host.queue();
    if (listed.ok) {
      for (const id of waitingForNetwork(listed.value)) this.#deferred.note(id, '');
      return this.#sendOn.wake();
    }
    const { clock, events } = this.#ports;
    events.emit({
      kind: 'warning',
      at: clock.now(),
      subject: 'postfix queue',
      message: `What Postfix deferred before this start is not known, and waits for its turn: ${listed.error}`,
    });
  }

  /** What it had deferred while it was dead does not wait for Postfix's own time, whichever uplink takes it now. */
  #revive(uplink: string): void {
    const transport = this.#transports.find(each => each.uplink === uplink)?.name;
    if (transport === undefined) return;
    this.#deferred.revive(transport);
    this.#revived.set(transport, this.#ports.clock.monotonic());
  }

  /** It was begun while the uplink was still dead, and its time limit came just after. */
  #isLastOfDeath(transport: string): boolean {
    const revivedAt = this.#revived.get(transport) ?? Number.NEGATIVE_INFINITY;
    return this.#ports.clock.monotonic() - revivedAt < lastOfDeathMs;
  }

  #hear(sign: LogSign): void {
    switch (sign.kind) {
      case 'answered':
      case 'failed':
      case 'silent':
        return this.#evidence.hear(sign);
      case 'removed':
        return this.#deferred.forget(sign.id);
      case 'deferred': {
        const transport = sign.transport ?? this.#switch.current;
        if (transport === null) return;
        const isHurried = transport !== this.#switch.current || this.#isLastOfDeath(transport);
        this.#deferred.note(sign.id, isHurried ? '' : transport);
        if (isHurried) this.#sendOn.wake();
        return;
      }
      default:
        sign satisfies never;
    }
  }

  #views(): readonly TransportView[] {
    const { egresses } = this.#monitor.snapshot();
    return this.#uplinks.flatMap(({ name, preference }) => {
      const transport = this.#transports.find(({ uplink }) => uplink === name)?.name;
      const own = egresses.filter(({ uplink }) => uplink === name);
      return transport === undefined ? [] : [{ uplink: name, transport, preference, egresses: own }];
    });
  }

  /** Where its uplink cannot be used, nothing is gained by another try. */
  #usableTransport(): string | null {
    return this.#isInUse(({ state }) => isUsableState(state)) ? this.#switch.current : null;
  }

  /** The uplink that mail takes now has an egress of which this holds. */
  #isInUse(holds: (egress: EgressView) => boolean): boolean {
    const view = this.#views().find(({ transport }) => transport === this.#switch.current);
    return view?.egresses.some(holds) ?? false;
  }

  /** Mail that the operator sends another way is theirs; said once, so that nobody wonders. */
  #tellWaysRound(): void {
    const { clock, events } = this.#ports;
    for (const name of ['transport_maps', 'sender_dependent_default_transport_maps']) {
      const value = this.#facts.explicit.get(name) ?? '';
      if (value === '') continue;
      events.emit({
        kind: 'notice',
        at: clock.now(),
        subject: `postfix ${name}`,
        message: `${name} = ${value} sends some mail by transports that it names itself; that is respected, and such mail is not moved to another uplink.`,
      });
    }
  }
}

/** A notice goes out by Postfix itself. */
async function submit(
  host: PostfixHost,
  { body, forwardPaths }: Parameters<QueueStore['append']>[0],
): ReturnType<QueueStore['append']> {
  const [forwardPath] = forwardPaths;
  if (body.kind !== 'inline' || forwardPath === undefined)
    return { ok: false, error: { kind: 'failed', message: 'A notice has one recipient and a short body.' } };
  const sent = await host.submit(
    forwardPath,
    Buffer.from(body.bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'),
  );
  return sent.ok
    ? { ok: true, value: undefined }
    : { ok: false, error: { kind: 'failed', message: sent.error } };
}
