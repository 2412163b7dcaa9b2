import type { GatewaySettings } from '../../src/decision/gateway-settings.ts';
import { EventStream, type GatewayEvent } from '../../src/runtime/events.ts';
import { Gateway } from '../../src/runtime/gateway.ts';
import { type MemoryFiles, nothingOutside } from '../fakes.ts';
import { type MemoryDisk, MemoryStore, type PendingWrite } from '../simulation/memory-store.ts';
import type { MemoryTrace } from '../simulation/memory-trace.ts';
import type { ReferenceNetwork } from '../simulation/reference-network.ts';
import { SimProcess } from '../simulation/sim-process.ts';
import type { SimRandom } from '../simulation/sim-random.ts';
import { chanceOf, treatmentOf, type Uncommon } from './uncommon.ts';

export type LifeParts = {
  readonly world: ReferenceNetwork;
  readonly random: SimRandom;
  readonly disk: MemoryDisk;
  readonly trace: MemoryTrace;
  readonly files: MemoryFiles;
  readonly uncommon: Uncommon;
  readonly heard: (event: GatewayEvent) => void;
};

/** One life of the gateway on the mail host, from its start to its end or its death. */
export class Life {
  readonly process: SimProcess;
  readonly store: MemoryStore;
  readonly #parts: LifeParts;
  readonly #dead = Promise.withResolvers<null>();
  /** What its operator asks of it, one after another. */
  #orders: Promise<unknown> = Promise.resolve();
  gateway: Gateway | null = null;
  pending: PendingWrite = 'dropped';

  constructor(parts: LifeParts) {
    const { world, random, disk, uncommon } = parts;
    this.#parts = parts;
    this.process = new SimProcess(world.gateway, world.clock, treatmentOf(uncommon, random.fork()));
    this.store = new MemoryStore({ clock: this.process.clock, disk, commitMs: uncommon.commitMs });
    this.process.onDeath = () => {
      this.store.crash(this.pending);
      this.#dead.resolve(null);
    };
  }

  /** Resolves at its death, and never where it is stopped in order. */
  get dead(): Promise<null> {
    return this.#dead.promise;
  }

  /** Null: it runs; else why it does not. */
  async start(settings: GatewaySettings): Promise<string | null> {
    const { random, trace, files, uncommon, heard } = this.#parts;
    const events = new EventStream();
    events.subscribe(event => {
      if (this.process.alive) heard(event);
    });
    const ports = {
      clock: this.process.clock,
      random: chanceOf(uncommon, random.fork()),
      network: this.process.network,
      store: this.process.mortalStore(this.store),
      trace: this.process.mortalTrace(trace),
      files,
      ...nothingOutside,
    };
    const started = await Promise.race([Gateway.start(ports, settings, events), this.dead]);
    if (started === null) return 'It was killed as it started.';
    if (!started.ok) return started.error;
    this.gateway = started.value;
    return null;
  }

  /** Done once it runs and what was asked before is done; resolves to null where it dies before. */
  order<Value>(give: (gateway: Gateway) => Promise<Value>): Promise<Value | null> {
    const done = this.#orders.then(() => {
      if (this.gateway === null || !this.process.alive) return null;
      return Promise.race([give(this.gateway), this.dead]);
    });
    this.#orders = done;
    return done;
  }
}
