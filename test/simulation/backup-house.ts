import assert from 'node:assert/strict';
import test from 'node:test';
import type { DomainSetting } from '../../src/decision/admission/domain.ts';
import type { GatewaySettings } from '../../src/decision/gateway-settings.ts';
import type { Condition } from '../../src/decision/notice/condition.ts';
import { EventStream } from '../../src/runtime/events.ts';
import { Gateway } from '../../src/runtime/gateway.ts';
import { composeMessage } from '../../src/surface/demo/compose.ts';
import { startNameServer } from '../../src/surface/demo/name-server.ts';
import type { RunningReceiver } from '../../src/surface/demo/receiver.ts';
import { plainBehaviour } from '../../src/surface/demo/receiver-behaviour.ts';
import type { Delivery } from '../../src/surface/demo/receiver-session.ts';
import { SteadySender } from '../../src/surface/demo/steady-sender.ts';
import { MemoryFiles, nothingOutside } from '../fakes.ts';
import { primaryDomain } from '../settings.ts';
import { MemoryDisk, MemoryStore } from './memory-store.ts';
import { MemoryTrace } from './memory-trace.ts';
import { must, nameServerAddress, ReferenceNetwork } from './reference-network.ts';
import { SimProcess } from './sim-process.ts';

/** The domain that we back up: its primary is `mx.partner.example`, and we are `mx2`. */
const backed = 'partner.example';
const primaryAddress = '198.18.1.10';

type Life = { readonly process: SimProcess; readonly store: MemoryStore; readonly gateway: Gateway };

/** The whole gateway as a backup MX in the reference network; its primary is one of the world's receivers. */
export class BackupHouse {
  readonly world = new ReferenceNetwork(11);
  readonly clock = this.world.clock;
  readonly trace = new MemoryTrace();
  readonly disk = new MemoryDisk();
  readonly conditions: Condition[] = [];
  /** Message-IDs in the order in which the gateway took them. */
  readonly accepted: string[] = [];
  domain: DomainSetting = {
    ...primaryDomain(backed, primaryAddress),
    role: 'backup',
    deliverTo: [],
    whenUnknown: 'accept',
    expireMs: 21 * 86_400_000,
  };
  #life: Life | null = null;
  #sender: SteadySender | null = null;
  #senders = 0;

  /** `mx` of the domain. */
  async start(
    mx: readonly string[] = ['10 mx.partner.example', '20 mail2.example.com'],
    changed: Partial<DomainSetting> = {},
  ): Promise<void> {
    this.domain = { ...this.domain, ...changed };
    await this.world.start();
    const zone = { ...this.world.zone(), 'partner.example MX': mx };
    must(
      await startNameServer(this.world.nameServer, {
        address: nameServerAddress,
        port: 53,
        zone,
        clock: this.clock,
      }),
    );
    await this.open();
  }

  /** A life of the gateway, on what the disk holds. */
  async open(): Promise<void> {
    const { clock, gateway: host, random } = this.world;
    const process = new SimProcess(host, clock);
    const store = new MemoryStore({ clock: process.clock, disk: this.disk });
    const events = new EventStream();
    events.subscribe(event => {
      if (event.kind === 'condition') this.conditions.push(event.condition);
    });
    const ports = {
      clock: process.clock,
      random: random.fork(),
      network: process.network,
      store,
      trace: this.trace,
      files: new MemoryFiles(),
      ...nothingOutside,
    };
    const gateway = must(await clock.await(Gateway.start(ports, this.settings(), events)));
    this.#life = { process, store, gateway };
    await clock.run(100);
  }

  settings(): GatewaySettings {
    return { ...this.world.settings(), domains: [this.domain] };
  }

  /** SIGKILL. */
  kill(): void {
    this.#life?.store.crash();
    this.#life?.process.kill();
    this.#life = null;
  }

  async close(): Promise<void> {
    await this.endSending();
    if (this.#life) await this.clock.await(this.#life.gateway.stop());
    this.#life = null;
  }

  get gateway(): Gateway {
    assert.ok(this.#life);
    return this.#life.gateway;
  }

  get primary(): RunningReceiver {
    const found = this.world.worldReceivers.find(({ address }) => address === primaryAddress);
    assert.ok(found);
    return found;
  }

  get deliveries(): Delivery[] {
    return this.world.deliveries.filter(({ to }) => to === primaryAddress);
  }

  /** Nothing of ours reaches the primary, or all does again. */
  cut(isCut: boolean): void {
    const { internet } = this.world;
    for (const source of this.world.identities().keys())
      if (isCut) internet.block(source, primaryAddress);
      else internet.unblock(source, primaryAddress);
  }

  behave(change: Parameters<RunningReceiver['behave']>[0]): void {
    this.primary.behave({ ...plainBehaviour, ...change });
  }

  /** A client gives one message after the other. */
  beginSending(everyMs: number, recipient = `receiver@${backed}`, sizeBytes = 600): void {
    this.#senders += 1;
    const label = `sender${this.#senders}`;
    this.#sender = new SteadySender({
      network: this.world.client,
      clock: this.clock,
      target: { address: '10.20.0.2', port: 25 },
      source: null,
      ehlo: 'client.example.com',
      compose: n => {
        const setting = {
          label,
          mailFrom: 'sender@remote.example',
          recipients: [recipient],
          sizeBytes,
        };
        return composeMessage(setting, n, this.clock.now());
      },
      onAccepted: id => this.accepted.push(id),
      onTrouble() {},
    });
    this.#sender.start(everyMs);
  }

  async endSending(): Promise<void> {
    const sender = this.#sender;
    this.#sender = null;
    if (sender) await this.clock.await(sender.stop());
  }

  async send(forMs: number, everyMs: number): Promise<void> {
    this.beginSending(everyMs);
    await this.clock.run(forMs);
    await this.endSending();
  }

  /** Recipients in the queue. */
  get queued(): number {
    return this.disk.recipients;
  }

  /** Mail for others, so that the uplinks are known by more than the primary. */
  async sendToOthers(): Promise<void> {
    for (const domain of ['remote.example', 'school.example', 'shop.example']) {
      this.beginSending(200, `receiver@${domain}`);
      await this.clock.run(1_000);
      await this.endSending();
    }
    await this.clock.run(1_000);
    this.accepted.length = 0;
  }

  events(kind: string): number {
    return this.trace.events.filter(({ event }) => event === kind).length;
  }

  /** Attempts that were made on a message's way, in all. */
  get attempts(): number {
    return Math.max(
      0,
      ...[...this.disk.messages.values()].flatMap(({ recipients }) =>
        [...recipients.values()].map(each => each.attempts),
      ),
    );
  }

  told(): string[] {
    return this.conditions.filter(({ kind }) => kind === 'primary').map(({ state }) => state);
  }
}

export function backupStory(
  sentence: string,
  play: (house: BackupHouse) => Promise<void>,
  ...setting: Parameters<BackupHouse['start']>
): void {
  test(`simulated backup: ${sentence}`, async () => {
    const house = new BackupHouse();
    await house.start(...setting);
    try {
      await play(house);
    } finally {
      await house.close();
    }
    await house.clock.run(600_000);
    assert.equal(house.world.gateway.sockets, 0);
  });
}
