import type { ConditionKind } from '../../decision/notice/condition.ts';
import { conditionKey, isOpen, isTrouble } from '../../decision/notice/telling-plan.ts';
import type { EventStream, GatewayEvent } from '../../runtime/events.ts';
import type { EgressReport, GatewayControl } from '../../runtime/gateway-control.ts';
import type { Clock } from '../../runtime/ports.ts';
import { Counter, expose, type Family, Gauge, Histogram } from './families.ts';

/** What the process itself uses. */
export type ProcessFacts = () => { readonly residentBytes: number; readonly cpuSeconds: number };

export type MetricsParts = {
  readonly clock: Clock;
  readonly version: string;
  readonly processFacts: ProcessFacts;
};

const seconds = { connect: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] };
const deliverySeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const egressStates = ['unknown', 'up', 'degraded', 'down', 'drained'] as const;
const fitnesses = ['fit', 'unfit', 'unknown'] as const;
const mostConditions = 1_000;

/**
 * Counts what the stream of events tells, and looks up the rest when it is asked. Labels are names of the configuration
 * and fixed words: no site, no domain, no address of a stranger.
 */
export class GatewayMetrics {
  readonly #clock: Clock;
  readonly #families: Family[] = [];
  readonly #recipients = this.#counter(
    'postern_recipients_total',
    'Events in the life of mail, one for each recipient.',
    ['event', 'uplink'],
  );
  readonly #delivery = this.#histogram(
    'postern_delivery_seconds',
    'How long the attempts took that delivered.',
    ['uplink'],
    deliverySeconds,
  );
  readonly #connects = this.#counter(
    'postern_connects_total',
    'Connections outward, by how they ended: ok, or the kind of error.',
    ['uplink', 'source', 'result'],
  );
  readonly #connect = this.#histogram(
    'postern_connect_seconds',
    'How long it took to connect outward.',
    ['uplink', 'source'],
    seconds.connect,
  );
  readonly #handshakes = this.#counter(
    'postern_tls_handshakes_total',
    'TLS handshakes inward (server) and outward (client): the protocol, or failed.',
    ['side', 'result'],
  );
  readonly #rejected = this.#counter(
    'postern_rejected_total',
    'Clients turned away or ended, recipients and messages refused.',
    ['listener', 'what'],
  );
  readonly #warnings = this.#counter('postern_warnings_total', 'Warnings in the log.', ['subject']);
  readonly #lasting = new Map<string, ConditionKind>();
  readonly #egresses = new Map<string, readonly [uplink: string, source: string]>();
  #gateway: GatewayControl | null = null;
  #outageMs = 0;

  constructor(parts: MetricsParts) {
    this.#clock = parts.clock;
    const { version, processFacts, clock } = parts;
    const startedAt = clock.now() / 1000;
    this.#gauge('postern_info', 'What runs.', ['version'], () => [[1, version]]);
    this.#gauge('process_start_time_seconds', 'When the process began.', [], () => [[startedAt]]);
    this.#gauge('process_resident_memory_bytes', 'Memory in use.', [], () => [
      [processFacts().residentBytes],
    ]);
    const cpu = (): [number][] => [[processFacts().cpuSeconds]];
    this.#families.push(
      new Gauge({
        name: 'process_cpu_seconds_total',
        help: 'Processor time used.',
        labels: [],
        read: cpu,
        type: 'counter',
      }),
    );
    this.#addStanding();
    this.#addEgresses();
  }

  /** Counts all that the stream tells from now on. */
  follow(events: EventStream): () => void {
    return events.subscribe(event => this.#hear(event));
  }

  /** What is looked up is asked of this gateway. */
  watch(gateway: GatewayControl): void {
    this.#gateway = gateway;
  }

  get families(): readonly Family[] {
    return this.#families;
  }

  /** The page that Prometheus reads. */
  async page(): Promise<string> {
    const outages = await this.#gateway?.queue.outages();
    const last = outages?.ok ? outages.value.at(-1) : undefined;
    this.#outageMs = last?.to === null ? this.#clock.now() - last.from : 0;
    return expose(this.#families);
  }

  #hear(event: GatewayEvent): void {
    switch (event.kind) {
      case 'message': {
        const { event: what, uplink, elapsedMs } = event.trace;
        this.#recipients.add(what, uplink ?? '');
        if (what === 'delivered' && elapsedMs !== null)
          this.#delivery.observe(elapsedMs / 1000, uplink ?? '');
        return;
      }
      case 'connect': {
        const [uplink, source] = this.#namesOf(event.egressId);
        this.#connects.add(uplink, source, event.error ?? 'ok');
        if (event.connectMs !== null) this.#connect.observe(event.connectMs / 1000, uplink, source);
        return;
      }
      case 'tls':
        this.#handshakes.add(event.side, event.facts?.protocol ?? 'failed');
        return;
      case 'rejected':
        this.#rejected.add(event.listener, event.what);
        return;
      case 'warning':
        this.#warnings.add(firstWord(event.subject));
        return;
      case 'condition': {
        const key = conditionKey(event.condition);
        if (isOpen(event.condition)) return;
        if (!isTrouble(event.condition)) this.#lasting.delete(key);
        else if (this.#lasting.size < mostConditions) this.#lasting.set(key, event.condition.kind);
        return;
      }
      case 'egress':
      case 'listener':
      case 'notice':
        return;
      default:
        event satisfies never;
    }
  }

  #addStanding(): void {
    const standing = () => this.#gateway?.queueStanding() ?? null;
    this.#gauge('postern_queue_recipients', 'Recipients in the queue, counted each minute.', ['state'], () =>
      Object.entries(standing()?.census?.recipients ?? {}).map(([state, count]) => [count, state]),
    );
    this.#gauge(
      'postern_queue_oldest_seconds',
      'Since when the oldest message waits that is not held.',
      [],
      () => {
        const census = standing()?.census ?? null;
        if (census === null) return [];
        const { oldest } = census;
        return [[oldest === null ? 0 : Math.max(0, (this.#clock.now() - oldest.receivedAt) / 1000)]];
      },
    );
    this.#gauge('postern_queue_free_bytes', "Room on the queue's disk.", [], () => {
      const freeBytes = standing()?.freeBytes ?? Number.NaN;
      return Number.isFinite(freeBytes) ? [[freeBytes]] : [];
    });
    this.#gauge('postern_queue_writable', 'Can new mail be stored?', [], () => {
      const now = standing();
      return now === null ? [] : [[now.unwritable === null ? 1 : 0]];
    });
    this.#gauge('postern_conditions', 'Troubles that last, as notices tell of them.', ['kind'], () => {
      const counts = new Map<string, number>(knownKinds.map(kind => [kind, 0]));
      for (const kind of this.#lasting.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      return [...counts].map(([kind, count]) => [count, kind]);
    });
    this.#gauge('postern_listeners', 'Listeners, by how they stand.', ['state'], () => {
      const counts = new Map<string, number>([['listening', 0]]);
      for (const { state } of this.#gateway?.listeners() ?? [])
        counts.set(state, (counts.get(state) ?? 0) + 1);
      return [...counts].map(([state, count]) => [count, state]);
    });
    this.#gauge('postern_outage_seconds', 'How long no uplink can be used; 0 while one can.', [], () => [
      [this.#outageMs / 1000],
    ]);
  }

  #addEgresses(): void {
    const each = (
      read: (egress: EgressReport, labels: readonly [string, string]) => [number, ...string[]][],
    ): [number, ...string[]][] =>
      (this.#gateway?.uplinks() ?? []).flatMap(({ egresses }) =>
        egresses.flatMap(egress => read(egress, this.#namesOf(egress.id))),
      );
    const labels = ['uplink', 'source'];
    this.#gauge(
      'postern_egress_up',
      'Is it up or degraded? One that is unknown can be used too.',
      labels,
      () => each(({ state }, names) => [[state === 'up' || state === 'degraded' ? 1 : 0, ...names]]),
    );
    this.#gauge('postern_egress_state', 'Its state, as 1.', [...labels, 'state'], () =>
      each(({ state }, names) => egressStates.map(word => [state === word ? 1 : 0, ...names, word])),
    );
    this.#gauge(
      'postern_egress_fit',
      'Do its PTR, forward match and EHLO name stand: the verdict, as 1.',
      [...labels, 'fit'],
      () => each(({ fit }, names) => fitnesses.map(word => [fit === word ? 1 : 0, ...names, word])),
    );
    this.#gauge('postern_egress_changes_24h', 'Changes of its state in the last 24 hours.', labels, () =>
      each(({ changes24h }, names) => [[changes24h, ...names]]),
    );
  }

  /** `isp1/198.51.100.30` in its two parts; `local` has one. */
  #namesOf(egressId: string): readonly [uplink: string, source: string] {
    const known = this.#egresses.get(egressId);
    if (known !== undefined) return known;
    const slash = egressId.indexOf('/');
    const names =
      slash < 0
        ? ([egressId, ''] as const)
        : ([egressId.slice(0, slash), egressId.slice(slash + 1)] as const);
    if (this.#egresses.size < mostConditions) this.#egresses.set(egressId, names);
    return names;
  }

  #counter(name: string, help: string, labels: readonly string[]): Counter {
    return this.#added(new Counter({ name, help, labels }));
  }

  #histogram(name: string, help: string, labels: readonly string[], bounds: readonly number[]): Histogram {
    return this.#added(new Histogram({ name, help, labels, bounds }));
  }

  #gauge(
    name: string,
    help: string,
    labels: readonly string[],
    read: () => (readonly [number, ...string[]])[],
  ): void {
    this.#added(new Gauge({ name, help, labels, read }));
  }

  #added<One extends Family>(family: One): One {
    this.#families.push(family);
    return family;
  }
}

const knownKinds: readonly ConditionKind[] = [
  'uplink',
  'all_uplinks',
  'identity',
  'queue',
  'certificate',
  'recipients',
  'primary',
  'disk',
  'trace',
  'drill',
];

/** Some subjects go on to name what they are about: `identity isp1/198.51.100.30`. */
function firstWord(subject: string): string {
  return /^[\w-]*/.exec(subject)?.[0] ?? '';
}
