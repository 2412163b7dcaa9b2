import test from 'node:test';
import type { Egress, UplinkEgress } from '../../src/decision/egress/egress.ts';
import type { EgressSnapshot, EgressState, EgressView } from '../../src/decision/egress/health-state.ts';
import type { Sighting } from '../../src/decision/egress/observation.ts';
import type { NextHop } from '../../src/decision/next-hop/next-hop.ts';
import { MessageIds } from '../../src/decision/queue/message-id.ts';
import {
  freshRecipient,
  type MessageClient,
  type Outage,
  type QueuedMessage,
  type QueuedRecipient,
} from '../../src/decision/queue/queued.ts';
import type { MessageDsn, RecipientDsn } from '../../src/protocol/smtp/envelope.ts';
import { Dispatcher, type DispatcherSettings } from '../../src/runtime/delivery/dispatcher.ts';
import type { EgressGuide } from '../../src/runtime/delivery/egress-guide.ts';
import { EventStream, type GatewayEvent, type TraceEvent } from '../../src/runtime/events.ts';
import type { NewMessage, Settlement } from '../../src/runtime/ports.ts';
import { MemoryDisk, MemoryStore } from './memory-store.ts';
import { must, ReferenceNetwork, remoteDomains } from './reference-network.ts';

/** What a test says of the egresses, in the place of the monitor; it also keeps what it is told. */
export class ScriptedGuide implements EgressGuide {
  readonly observed: { readonly egressId: string; readonly observation: Sighting }[] = [];
  readonly penalised: string[] = [];
  readonly considered: string[] = [];
  /** Of every host. */
  readonly penaltiesOfAll = new Map<string, string>();
  verdict: 'answers' | 'silent' = 'answers';
  suspected = 0;
  trusted = true;
  replyMs = 200;
  headStart = 100;
  #listeners: ((view: EgressView, previous: EgressState) => void)[] = [];
  #snapshot: EgressSnapshot;

  constructor(egresses: readonly UplinkEgress[]) {
    const views = egresses.map(
      (egress, place): EgressView => ({
        id: egress.id,
        uplink: egress.uplink,
        state: 'up',
        since: 0,
        reason: 'the test says so',
        fit: 'unknown',
        preference: 10 * (place + 1),
        weight: 1,
        family: egress.family,
        egress,
      }),
    );
    this.#snapshot = { version: 1, egresses: views };
  }

  snapshot(): EgressSnapshot {
    return this.#snapshot;
  }

  /** One more egress, up, of an uplink of its own, which comes after the others. */
  add(egress: UplinkEgress): void {
    const { version, egresses } = this.#snapshot;
    const { id, uplink, family } = egress;
    const preference = 10 * (egresses.length + 1);
    const plain = { state: 'up', since: 0, reason: 'the test says so', fit: 'unknown', weight: 1 } as const;
    const view = { ...plain, id, uplink, family, preference, egress };
    this.#snapshot = { version: version + 1, egresses: [...egresses, view] };
  }

  /** Sets the state of one egress and tells of it. */
  set(uplink: string, state: EgressState): void {
    this.change(uplink, { state });
  }

  /** Changes what is known of one egress and tells of it. */
  change(uplink: string, part: Partial<EgressView>, previous?: EgressState): void {
    const { version, egresses } = this.#snapshot;
    const before = egresses.find(view => view.uplink === uplink);
    if (!before) throw new Error(`There is no uplink ${uplink}.`);
    const view = { ...before, ...part };
    this.#snapshot = {
      version: version + 1,
      egresses: egresses.map(each => (each === before ? view : each)),
    };
    for (const listener of this.#listeners) listener(view, previous ?? before.state);
  }

  observe(egressId: string, observation: Sighting): void {
    this.observed.push({ egressId, observation });
  }

  onChange(listener: (view: EgressView, previous: EgressState) => void): () => void {
    this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter(other => other !== listener);
    };
  }

  headStartMs(): number {
    return this.headStart;
  }

  expectedReplyMs(): number {
    return this.replyMs;
  }

  recordReply(): void {}

  penalise({ egress }: { egress: Egress }): void {
    this.penalised.push(egress.id);
  }

  penalties(): ReadonlyMap<string, string> {
    return this.penaltiesOfAll;
  }

  async suspect(): Promise<'answers' | 'silent'> {
    this.suspected += 1;
    return this.verdict;
  }

  consider(site: string): void {
    this.considered.push(site);
  }

  isEvidenceTrusted(): boolean {
    return this.trusted;
  }

  anyUsable(): boolean {
    return this.#snapshot.egresses.some(({ state }) => state !== 'down' && state !== 'drained');
  }
}

const hour = 3_600_000;

/** Keeps the texts of the reports that were appended. */
class WatchedStore extends MemoryStore {
  readonly reports: string[] = [];

  override settle(settlements: readonly Settlement[], reports: readonly NewMessage[] = []) {
    for (const { body } of reports) if (body.kind === 'inline') this.reports.push(body.bytes.toString());
    return super.settle(settlements, reports);
  }
}

/** The dispatcher in the simulated reference network, with a guide by script and next hops from a table. */
export class DispatcherHouse {
  readonly world = new ReferenceNetwork(1);
  readonly clock = this.world.clock;
  readonly disk = new MemoryDisk();
  readonly store = new WatchedStore({ clock: this.clock, disk: this.disk });
  readonly guide: ScriptedGuide;
  readonly events: GatewayEvent[] = [];
  readonly outages: Outage[] = [];
  readonly ids = new MessageIds(null);
  readonly dispatcher: Dispatcher;
  /** Answers of the next-hop table that a test replaces. */
  readonly hops = new Map<string, NextHop | Promise<NextHop>>();

  /** What files hold; a file that is not here does not exist. */
  readonly files = new Map<string, string>();
  /** What names stand for, for smart hosts. */
  readonly names = new Map<string, readonly string[]>();
  settings: DispatcherSettings;
  readonly #watchers = new Map<string, () => void>();

  constructor(change: Partial<DispatcherSettings> = {}) {
    const stream = new EventStream();
    stream.subscribe(event => this.events.push(event));
    const { uplinks } = this.world.settings();
    this.settings = {
      hostname: 'mail.example.com',
      queue: { expireMs: 120 * hour, delayNoticeMs: null },
      delivery: { port: 25, doubtWaitMs: 600_000 },
      uplinks,
      routes: [],
      ownDomains: new Set(['example.com']),
      ...change,
    };
    this.guide = new ScriptedGuide(
      uplinks.flatMap(({ egresses }) =>
        egresses.map(
          (each): UplinkEgress => ({
            kind: 'uplink',
            id: each.id,
            uplink: each.uplink,
            family: each.family,
            source: each.address ?? '',
            publicAddress: each.address ?? '',
            ehlo: each.ehlo,
          }),
        ),
      ),
    );
    for (const { name, host, address } of remoteDomains) this.hops.set(name, hostsOf(host, address, false));
    this.hops.set('example.com', hostsOf('10.20.0.10', '10.20.0.10', true));
    this.dispatcher = new Dispatcher({
      network: this.world.gateway,
      clock: this.clock,
      random: this.world.random.fork(),
      store: this.store,
      events: stream,
      monitor: this.guide,
      finder: {
        find: async domain => this.hops.get(domain) ?? { kind: 'defer', reason: 'DNS is silent.' },
      },
      outages: { outages: this.outages },
      ids: this.ids,
      owner: 'node',
      files: {
        read: async path => {
          const text = this.files.get(path);
          return text === undefined
            ? { ok: false, error: `There is no file ${path}.` }
            : { ok: true, value: Buffer.from(text) };
        },
        watch: (path, changed) => {
          this.#watchers.set(path, changed);
          return { close: () => this.#watchers.delete(path) };
        },
      },
      resolve: async name => this.names.get(name) ?? [],
      settings: this.settings,
    });
  }

  /** What is told of waits, and how long the mail of which recipients is kept, in ms. */
  keepAndTell(
    delayNoticeMs: number | null,
    expireMsOf: (forwardPath: string) => number | null = () => null,
  ): void {
    this.reload({ queue: { expireMs: 120 * hour, delayNoticeMs }, expireMsOf });
  }

  /** As inbound does with what RCPT and MAIL asked of reports. */
  async acceptAsked(asked: RecipientDsn, forwardPath: string, dsn?: MessageDsn): Promise<string> {
    const now = this.clock.now();
    const id = this.ids.next(now);
    const bytes = Buffer.from(`Message-ID: <${id}@example.com>\r\n\r\nx\r\n`);
    const message: QueuedMessage = {
      id,
      receivedAt: now,
      reversePath: 'sender@example.com',
      sizeBytes: bytes.length,
      bodyType: '7bit',
      client: null,
      ...(dsn && { dsn }),
    };
    const asking = {
      message,
      body: { kind: 'inline', bytes },
      forwardPaths: [forwardPath],
      recipientDsn: [asked],
    } as const;
    must(await this.clock.await(this.store.append({ ...asking, lease: null })));
    this.dispatcher.wake();
    return id;
  }

  /** Writes a file, and whoever watches it hears of it. */
  write(path: string, text: string): void {
    this.files.set(path, text);
    this.#watchers.get(path)?.();
  }

  reload(change: Partial<DispatcherSettings>): void {
    this.settings = { ...this.settings, ...change };
    this.dispatcher.reload(this.settings);
  }

  async start(): Promise<void> {
    await this.world.start();
    await this.dispatcher.start();
    await this.clock.run(10);
  }

  /** As inbound does: appended with a lease, then offered. */
  async accept(...forwardPaths: string[]): Promise<string> {
    return this.acceptFrom('sender@example.com', forwardPaths);
  }

  async acceptFrom(
    reversePath: string,
    forwardPaths: readonly string[],
    sizeBytes = 400,
    receivedAt = this.clock.now(),
    client: MessageClient | null = null,
    more: {
      readonly message?: Partial<QueuedMessage>;
      readonly text?: string;
      readonly dsn?: RecipientDsn;
    } = {},
  ): Promise<string> {
    const id = this.ids.next(this.clock.now());
    const line = `Message-ID: <${id}@example.com>\r\n\r\n`;
    const text = more.text ?? line + `${'x'.repeat(70)}\r\n`.repeat(Math.ceil(sizeBytes / 72));
    const bytes = Buffer.from(text);
    const message: QueuedMessage = {
      id,
      receivedAt,
      reversePath,
      sizeBytes: bytes.length,
      bodyType: '7bit',
      client,
      ...more.message,
    };
    const lease = { owner: 'node', until: this.clock.now() + 300_000 };
    const body = sizeBytes <= 65_536 ? ({ kind: 'inline', bytes } as const) : await this.#spooled(bytes);
    must(await this.clock.await(this.store.append({ message, body, forwardPaths, lease })));
    this.dispatcher.offer(
      forwardPaths.map((forwardPath, index) => ({
        message,
        body,
        recipient: freshRecipient(message, index, forwardPath, lease, more.dsn ?? null),
      })),
    );
    return id;
  }

  /** As from the store: mail that was tried before. */
  offerRetried(forwardPath: string): void {
    const now = this.clock.now();
    const id = this.ids.next(now);
    const bytes = Buffer.from('x\r\n');
    const plain = { reversePath: 'bulk@example.com', bodyType: '7bit', client: null } as const;
    this.dispatcher.offer([
      {
        message: { id, receivedAt: now - hour, sizeBytes: bytes.length, ...plain },
        body: { kind: 'inline', bytes },
        recipient: {
          message: id,
          index: 0,
          forwardPath,
          state: 'active',
          attempts: 3,
          nextAttemptAt: now,
          lease: { owner: 'node', until: now + 300_000 },
          lastEgress: null,
          lastReply: null,
          doubt: null,
        },
      },
    ]);
  }

  async #spooled(bytes: Buffer) {
    const writer = must(await this.clock.await(this.store.openBody()));
    must(await this.clock.await(writer.write([bytes])));
    return must(await this.clock.await(writer.finish()));
  }

  /** Who brought each delivery: `address name`. */
  get bringers(): string[] {
    return this.world.deliveries.map(({ remoteAddress, ehlo }) => `${remoteAddress} ${ehlo}`);
  }

  trace(id?: string): TraceEvent[] {
    return this.events.flatMap(event =>
      event.kind === 'message' && (id === undefined || event.trace.id === id) ? [event.trace] : [],
    );
  }

  eventsOf(id?: string): string[] {
    return this.trace(id).map(({ event }) => event);
  }

  warnings(): string[] {
    return this.events.flatMap(event => (event.kind === 'warning' ? [event.message] : []));
  }

  async queued(): Promise<readonly QueuedRecipient[]> {
    const messages = must(await this.clock.await(this.store.list({}, 1_000, null)));
    return messages.flatMap(({ recipients }) => recipients);
  }

  async stop(): Promise<void> {
    await this.clock.await(this.dispatcher.stop());
  }
}

function hostsOf(name: string, address: string, local: boolean): NextHop {
  const to = { host: name, address, port: 25 };
  return { kind: 'hosts', site: name, hosts: [{ name, mxPreference: 10, addresses: [to], local }] };
}

/** One story of a dispatcher in the simulated network; it is stopped whatever happens. `room` opens the test's name. */
export function dispatcherStories(
  room: string,
): (sentence: string, play: (house: DispatcherHouse) => Promise<void>) => void {
  return (sentence, play) => {
    test(`${room}: ${sentence}`, async () => {
      const house = new DispatcherHouse();
      await house.start();
      try {
        await play(house);
      } finally {
        await house.stop();
      }
    });
  };
}
