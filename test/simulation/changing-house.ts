import assert from 'node:assert/strict';
import type { GatewaySettings } from '../../src/decision/gateway-settings.ts';
import { EventStream } from '../../src/runtime/events.ts';
import { Gateway, type GatewayPorts } from '../../src/runtime/gateway.ts';
import { composeMessage } from '../../src/surface/demo/compose.ts';
import { type RunningNameServer, startNameServer } from '../../src/surface/demo/name-server.ts';
import { SteadySender } from '../../src/surface/demo/steady-sender.ts';
import { MemoryFiles, nothingOutside } from '../fakes.ts';
import { MemoryStore } from './memory-store.ts';
import { MemoryTrace } from './memory-trace.ts';
import { must, nameServerAddress, ReferenceNetwork } from './reference-network.ts';

/** The whole gateway in the reference network, with an operator who changes its configuration. */
export class ChangingHouse {
  readonly world = new ReferenceNetwork(7);
  readonly clock = this.world.clock;
  readonly trace = new MemoryTrace();
  readonly store = new MemoryStore({ clock: this.clock });
  readonly events = new EventStream();
  readonly all: GatewaySettings = this.world.settings();
  readonly #outside: Pick<GatewayPorts, 'processes' | 'web'>;
  #gateway: Gateway | null = null;
  #names: RunningNameServer | null = null;

  /** `outside`: what programs and calls over HTTP do. */
  constructor(outside: Pick<GatewayPorts, 'processes' | 'web'> = nothingOutside) {
    this.#outside = outside;
  }

  get gateway(): Gateway {
    assert.ok(this.#gateway);
    return this.#gateway;
  }

  /** The name server that the gateway asks. */
  get names(): RunningNameServer {
    assert.ok(this.#names);
    return this.#names;
  }

  /** With the named uplinks alone. */
  settings(...names: readonly string[]): GatewaySettings {
    return { ...this.all, uplinks: this.all.uplinks.filter(({ name }) => names.includes(name)) };
  }

  async start(settings: GatewaySettings): Promise<void> {
    const { world, clock } = this;
    await world.start();
    this.#names = must(
      await startNameServer(world.nameServer, {
        address: nameServerAddress,
        port: 53,
        zone: world.zone(),
        clock,
      }),
    );
    await this.#open(settings);
  }

  /** Ends the gateway in order and starts it on what its store holds. */
  async restart(settings: GatewaySettings): Promise<void> {
    await this.clock.await(this.gateway.stop());
    await this.#open(settings);
  }

  async #open(settings: GatewaySettings): Promise<void> {
    const { world, clock, store, trace } = this;
    const ports = {
      clock,
      random: world.random.fork(),
      network: world.gateway,
      store,
      trace,
      files: new MemoryFiles(),
      ...this.#outside,
    };
    this.#gateway = must(await clock.await(Gateway.start(ports, settings, this.events)));
  }

  async reload(settings: GatewaySettings): Promise<void> {
    must(await this.clock.await(this.gateway.reload(settings)));
  }

  /** A client inside gives one message after the other to this recipient for so long. */
  async send(recipient: string, forMs: number, everyMs = 500): Promise<void> {
    const { world, clock } = this;
    const sender = new SteadySender({
      network: world.client,
      clock,
      target: { address: '10.20.0.2', port: 25 },
      source: null,
      ehlo: 'client.example.com',
      compose: n =>
        composeMessage(
          {
            label: `to ${recipient}`,
            mailFrom: 'sender@example.com',
            recipients: [recipient],
            sizeBytes: 600,
          },
          n,
          clock.now(),
        ),
      onAccepted() {},
      onTrouble() {},
    });
    sender.start(everyMs);
    await clock.run(forMs);
    await clock.await(sender.stop());
  }

  /** How many deliveries each address has brought. */
  get brought(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { remoteAddress } of this.world.deliveries)
      counts[remoteAddress] = (counts[remoteAddress] ?? 0) + 1;
    return counts;
  }

  traced(kind: string): number {
    return this.trace.events.filter(({ event }) => event === kind).length;
  }
}
